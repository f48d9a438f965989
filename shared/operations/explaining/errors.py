"""What a failure says, short and without secrets: a stable code, and the words of who failed."""

import re
from typing import Final

from shared.errors import UNNAMED_FAILURE, code_of
from shared.operations.explaining.history import Streak
from shared.operations.explaining.models import LastError
from shared.operations.explaining.words import Words
from shared.redaction import redact_text

_LONGEST: Final = 160
# "Activity function 'x' failed:  ValueError: no"; what is behind the first line is a stack.
_LABEL: Final = re.compile(r"^.*?(?:function|Function) '[^'\n]*' failed:\s*")
_HINT: Final = re.compile(r"\.?\s*See the function execution logs.*$")
_CODED: Final = re.compile(r"^\w+Error: \w+: ")


def last_error(streak: Streak | None, words: Words) -> LastError | None:
    """Tell the latest failure that has not healed."""
    if streak is None:
        return None
    return LastError(
        code=code_in(streak.last.reason),
        step=words.call(streak.name),
        attempts=streak.attempts,
        at=streak.last.at,
        said=said(streak.last.reason),
    )


def code_in(text: str) -> str:
    """Return the stable code in a failure's text."""
    return code_of(Exception(text))


def said(text: str) -> str:
    """Return what a failure said in one short line without secrets or personal data."""
    head = text.strip().split("\n", 1)[0]
    while (bare := _LABEL.sub("", head)) != head:  # a child's failure has the label of each level
        head = bare
    bare = _HINT.sub("", head).strip().strip('"')
    if code_in(text) != UNNAMED_FAILURE:
        bare = _CODED.sub("", bare)
    return shortened(redact_text(bare)) or UNNAMED_FAILURE


def shortened(text: str) -> str:
    """Return a text that fits into a sentence."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."
