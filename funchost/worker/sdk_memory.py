"""What costs the SDK most in every replay, done once or by quicker means.

In every replay the SDK parses the timestamp of every event, with a parser for any format that there
is, defines a class of named tuples and reads the host's two limits for timers; together that is
most of what a short replay costs (docs/performance.md). The host writes its timestamps in one form,
which Python's own parser knows; the same names always give the same class, and the same text the
same duration. Nothing else of the SDK is touched; where a version keeps these elsewhere, nothing
happens.
"""

import re
import sys
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache, wraps
from typing import Any

_MODELS = "azure.durable_functions.models"
DATES = f"{_MODELS}.history.HistoryEvent"
TUPLES = f"{_MODELS}.TaskOrchestrationExecutor"
DURATIONS = f"{_MODELS}.DurableOrchestrationContext"
_KEPT = 16
_OWN_FORM = re.compile(r"\d{8}T\d{6}\.\d{6}Z")  # as ``history`` writes an instant


def remember() -> None:
    """Let the SDK, if it has been imported, do these the quick way."""
    _replace(DATES, "dt_parse", _quick_for_own_form)
    _replace(TUPLES, "namedtuple", _remembered)
    _replace(DURATIONS, "parse_timespan_attrib", _remembered)


def _replace(
    module_name: str, name: str, better: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> None:
    module: Any = sys.modules.get(module_name)
    original = getattr(module, name, None)
    if original is not None and not hasattr(original, "__wrapped__"):
        setattr(module, name, better(original))


def _quick_for_own_form(original: Callable[..., Any]) -> Callable[..., Any]:
    """Read the host's own timestamps to the very value that the SDK's parser gives."""
    utc = original("20000101T000000.000000Z").tzinfo  # it has more than one for UTC

    @wraps(original)
    def parse(text: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(text, str) and _OWN_FORM.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=utc)
        return original(text, *arguments, **named)

    return parse


def _remembered(original: Callable[..., Any]) -> Callable[..., Any]:
    cached = lru_cache(maxsize=_KEPT)(original)

    @wraps(original)
    def remembered(*arguments: Any, **named: Any) -> Any:
        try:
            return cached(*arguments, **named)
        except TypeError:  # something that cannot be a key: then as before
            return original(*arguments, **named)

    return remembered
