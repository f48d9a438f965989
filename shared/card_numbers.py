"""Finds payment card numbers in text, by their length and check digit, however they are spaced.

What is done about one is not decided here: shared.personal refuses it, shared.redaction hides it.
"""

import re
from collections.abc import Iterator
from itertools import accumulate

_RUN = re.compile(r"\d(?:[ -]?\d){12,}", re.ASCII)
_GROUP = re.compile(r"\d+", re.ASCII)
_LENGTHS = range(13, 20)


def card_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each card number begins and ends, from left to right, none inside another.

    A number is one group of digits or several with one space or hyphen between, of 13 to 19 digits
    together; what follows it with a space (a date, a quantity) does not hide it.
    """
    for run in _RUN.finditer(text):
        groups = [group.span() for group in _GROUP.finditer(text, *run.span())]
        first = 0
        checks = _Checks([int(digit) for begin, end in groups for digit in text[begin:end]])
        counts = [0, *accumulate(end - begin for begin, end in groups)]
        while first < len(groups):
            last = _last_group(checks, counts, first)
            if last is None:
                first += 1
            else:
                yield groups[first][0], groups[last][1]
                first = last + 1


def _last_group(checks: "_Checks", counts: list[int], first: int) -> int | None:
    """Return the group with which the longest card number ends that begins with ``first``."""
    found = None
    for last in range(first, len(counts) - 1):
        length = counts[last + 1] - counts[first]
        if length >= _LENGTHS.stop:
            break
        if length in _LENGTHS and checks.passes(counts[first], counts[last + 1]):
            found = last
    return found


class _Checks:
    """The Luhn check of any part of a run of digits, for the price of a subtraction.

    From the right, every second digit counts twice; a part that ends one digit later has the
    others doubled. So two running sums serve all parts.
    """

    def __init__(self, digits: list[int]) -> None:
        both = [(sum(divmod(2 * digit, 10)), digit) for digit in digits]
        self._sums = tuple(
            [0, *accumulate(pair[at % 2 == parity] for at, pair in enumerate(both))]
            for parity in (0, 1)
        )

    def passes(self, begin: int, end: int) -> bool:
        """Whether the digits from ``begin`` to before ``end`` end with their check digit."""
        sums = self._sums[(end - 1) % 2]
        return (sums[end] - sums[begin]) % 10 == 0
