"""What the SDK makes anew in every replay though it never changes: made once.

The SDK parses the timestamp of every event of the history in every replay, and defines a class of
named tuples in each; together that is most of what a short replay costs (docs/performance.md). The
same text always gives the same, unchangeable instant, and the same names the same class, so the
answers of the SDK's own functions are remembered. Nothing else of it is touched; where a version
keeps them elsewhere, nothing happens.
"""

import sys
from functools import lru_cache, wraps
from typing import Any

_MODELS = "azure.durable_functions.models"
DATES = f"{_MODELS}.history.HistoryEvent"
TUPLES = f"{_MODELS}.TaskOrchestrationExecutor"
_DATES_KEPT = 50_000  # texts, of some 200 bytes each
_CLASSES_KEPT = 16


def remember() -> None:
    """Let the SDK, if it has been imported, make each of these once."""
    _remember(DATES, "dt_parse", _DATES_KEPT)
    _remember(TUPLES, "namedtuple", _CLASSES_KEPT)


def _remember(module_name: str, name: str, size: int) -> None:
    module: Any = sys.modules.get(module_name)
    original = getattr(module, name, None)
    if original is None or hasattr(original, "__wrapped__"):
        return
    cached = lru_cache(maxsize=size)(original)

    @wraps(original)
    def remembered(*arguments: Any, **named: Any) -> Any:
        try:
            return cached(*arguments, **named)
        except TypeError:  # something that cannot be a key: then as before
            return original(*arguments, **named)

    setattr(module, name, remembered)
