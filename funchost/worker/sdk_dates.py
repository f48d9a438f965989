"""The SDK's dates, parsed once.

The SDK parses the timestamp of every event of the history in every replay, and that is most of what
a replay costs (docs/performance.md). The same text always gives the same, unchangeable instant, so
its parser's answers are remembered. Nothing else of the SDK is touched; where a version keeps its
parser elsewhere, nothing happens.
"""

import sys
from functools import lru_cache
from typing import Any

MODULE = "azure.durable_functions.models.history.HistoryEvent"
PARSER = "dt_parse"
REMEMBERED = 50_000  # texts, of some 200 bytes each


def remember_dates() -> None:
    """Let the SDK, if it has been imported, parse each timestamp once."""
    module: Any = sys.modules.get(MODULE)
    parse = getattr(module, PARSER, None)
    if parse is not None and not hasattr(parse, "cache_info"):
        setattr(module, PARSER, lru_cache(maxsize=REMEMBERED)(parse))
