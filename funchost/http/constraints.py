r"""What an inline constraint such as ``{id:int:min(1)}`` accepts, as ASP.NET Core defines it.

``constraint`` turns a name and its argument into a predicate over the decoded text of a segment.
"""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation

type Predicate = Callable[[str], bool]

INTEGER = re.compile(r"\s*[+-]?[0-9]+\s*")
DECIMAL = re.compile(r"\s*[+-]?(?:[0-9][0-9,]*\.?[0-9]*|\.[0-9]+)\s*")
FLOAT = re.compile(
    r"\s*[+-]?(?:(?:[0-9][0-9,]*\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|infinity|nan)\s*",
    re.IGNORECASE,
)
DASHED = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
GUID = re.compile(rf"[0-9a-f]{{32}}|{DASHED}|\{{{DASHED}\}}|\({DASHED}\)", re.IGNORECASE)
ALPHA = re.compile(r"[a-zA-Z]*")
MAX_DECIMAL = Decimal(79228162514264337593543950335)
DATE_FORMATS = (
    "%m-%d-%Y",
    "%m-%d-%Y %H:%M",
    "%m-%d-%Y %H:%M:%S",
    "%m-%d-%Y %I:%M %p",
    "%m-%d-%Y %I:%M:%S %p",
    "%m/%d/%Y",
    "%Y-%m-%d %I:%M %p",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y-%m-%dT%H:%M:%S.%f%z",
)


class ConstraintError(ValueError):
    """There is no such constraint, or its argument makes no sense."""


def constraint(name: str, argument: str | None) -> Predicate:
    """Return the predicate for ``name(argument)``; names are compared without regard to case.

    Raises:
        ConstraintError: unknown, or a missing, superfluous or malformed argument.
    """
    key = name.casefold()
    if key in PLAIN and argument is None:
        return PLAIN[key]
    if key in WITH_ARGUMENT and argument is not None:
        try:
            return WITH_ARGUMENT[key](argument)
        except (ValueError, re.error) as error:
            raise ConstraintError(
                f"the constraint '{name}' does not take '{argument}': {error}"
            ) from error
    if key in PLAIN or key in WITH_ARGUMENT:
        wants = "an" if key in WITH_ARGUMENT else "no"
        raise ConstraintError(f"the constraint '{name}' takes {wants} argument")
    raise ConstraintError(f"there is no constraint '{name}'")


def _within(bits: int) -> Predicate:
    top = 2 ** (bits - 1)
    return lambda text: bool(INTEGER.fullmatch(text)) and -top <= _integer(text) < top


def _integer(text: str) -> int:
    digits = text.strip()
    return int(digits) if len(digits) <= 40 else 2**64  # noqa: PLR2004 - beyond any of them


def _is_decimal(text: str) -> bool:
    if not DECIMAL.fullmatch(text):
        return False
    try:
        return abs(Decimal(text.strip().replace(",", ""))) <= MAX_DECIMAL
    except InvalidOperation:
        return False


def _is_datetime(text: str) -> bool:
    candidate = text.strip()
    try:
        datetime.fromisoformat(candidate)
    except ValueError:
        return any(_fits(candidate, form) for form in DATE_FORMATS)
    return True


def _fits(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - only whether it can be read counts
    except ValueError:
        return False
    return True


def _is_long(text: str) -> bool:
    return _within(64)(text)


def _at_least(argument: str) -> Predicate:
    low = int(argument)
    return lambda text: _is_long(text) and _integer(text) >= low


def _at_most(argument: str) -> Predicate:
    high = int(argument)
    return lambda text: _is_long(text) and _integer(text) <= high


def _range(argument: str) -> Predicate:
    low, high = (int(part) for part in argument.split(","))
    return lambda text: _is_long(text) and low <= _integer(text) <= high


def _longer(argument: str) -> Predicate:
    low = int(argument)
    return lambda text: len(text) >= low


def _shorter(argument: str) -> Predicate:
    high = int(argument)
    return lambda text: len(text) <= high


def _length(argument: str) -> Predicate:
    bounds = [int(part) for part in argument.split(",")]
    low, high = bounds if len(bounds) > 1 else bounds * 2
    return lambda text: low <= len(text) <= high


def _regex(argument: str) -> Predicate:
    pattern = re.compile(argument, re.IGNORECASE)
    return lambda text: bool(pattern.search(text))


def _names_a_file(text: str) -> bool:
    _, dot, extension = text.rpartition("/")[2].rpartition(".")
    return bool(dot and extension)


PLAIN: dict[str, Predicate] = {
    "int": _within(32),
    "long": _within(64),
    "bool": lambda text: text.strip().casefold() in {"true", "false"},
    "datetime": _is_datetime,
    "decimal": _is_decimal,
    "double": lambda text: bool(FLOAT.fullmatch(text)),
    "float": lambda text: bool(FLOAT.fullmatch(text)),
    "guid": lambda text: bool(GUID.fullmatch(text.strip())),
    "alpha": lambda text: bool(ALPHA.fullmatch(text)),
    "required": bool,
    "file": _names_a_file,
    "nonfile": lambda text: not _names_a_file(text),
}
WITH_ARGUMENT: dict[str, Callable[[str], Predicate]] = {
    "minlength": _longer,
    "maxlength": _shorter,
    "length": _length,
    "min": _at_least,
    "max": _at_most,
    "range": _range,
    "regex": _regex,
}
