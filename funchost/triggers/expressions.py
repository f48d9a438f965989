"""Binding expressions: ``%Setting%`` and ``{name}`` in paths and queue names, and path patterns.

Pure, but for the instant and the id that an expression may ask for, which the caller brings.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self, cast

from funchost.triggers.errors import TriggerError

_SETTING: Final = re.compile(r"%([^%]+)%")
_NAMED: Final = re.compile(r"\{([^{}]*)\}")
_DATE_PARTS: Final = {
    "yyyy": "%Y",
    "yy": "%y",
    "MM": "%m",
    "dd": "%d",
    "HH": "%H",
    "mm": "%M",
    "ss": "%S",
}
_DATE_PART: Final = re.compile("|".join(_DATE_PARTS))
ISO_FORMAT: Final = "yyyy-MM-ddTHH-mm-ssZ"


def with_settings(text: str, settings: Mapping[str, str]) -> str:
    """Return the text with app settings in the place of ``%Name%``.

    Raises:
        TriggerError: one is not there.
    """
    by_name = {key.casefold(): value for key, value in settings.items()}

    def value_of(found: re.Match[str]) -> str:
        value = by_name.get(found[1].casefold())
        if value is None:
            raise TriggerError(f"the app setting '{found[1]}' in '{text}' is not there")
        return value

    return _SETTING.sub(value_of, text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the values of ``{name}`` come from besides the binding data."""

    now: datetime
    new_id: Callable[[], str]


def resolved(text: str, data: Mapping[str, Any], sources: Sources) -> str:
    """Return the text with values in the place of ``{name}``; names match in any case.

    Raises:
        TriggerError: there is no such value.
    """

    def value_of(found: re.Match[str]) -> str:
        expression = found[1]
        name, _, form = expression.partition(":")
        match name.casefold():
            case "rand-guid" | "sys.randguid":
                return sources.new_id()
            case "datetime" | "sys.utcnow":
                return _dated(sources.now, form or ISO_FORMAT)
            case _:
                return _shown(_looked_up(data, expression, text))

    return _NAMED.sub(value_of, text)


def has_names(text: str) -> bool:
    """Tell whether a text has ``{name}`` in it."""
    return _NAMED.search(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobPattern:
    """What a blob trigger watches: ``container/name``, where the name may have ``{parts}``."""

    container: str
    prefix: str  # what every name begins with
    regex: re.Pattern[str]
    names: tuple[str, ...]

    @classmethod
    def parse(cls, path: str) -> Self:
        """Read a path; without a name it is every blob of the container.

        Raises:
            TriggerError: the container is not said, or a part is named twice or not at all.
        """
        container, _, name = path.strip("/").partition("/")
        if not container or has_names(container):
            raise TriggerError(f"the path '{path}' must begin with the name of a container")
        pieces = _NAMED.split(name or "{name}")
        names = tuple(pieces[1::2])
        if len({part.casefold() for part in names}) != len(names) or "" in names:
            raise TriggerError(f"the path '{path}' must name each of its parts once")
        literals = [re.escape(piece) for piece in pieces[::2]]
        return cls(
            container=container,
            prefix=pieces[0],
            regex=re.compile("(.*)".join(literals), re.DOTALL),
            names=names if name else (),
        )

    def match(self, blob: str) -> Mapping[str, str] | None:
        """Return the values of the parts if a blob's name fits, else None."""
        found = self.regex.fullmatch(blob)
        return dict(zip(self.names, found.groups(), strict=False)) if found else None


def _looked_up(data: Mapping[str, Any], expression: str, text: str) -> Any:
    value: Any = data
    whole = _member(data, expression)
    if whole is not None:
        return whole
    for part in expression.split("."):
        value = _member(cast("Mapping[str, Any]", value), part)
        if value is None:
            raise TriggerError(f"there is no value for '{{{expression}}}' in '{text}'")
    return value


def _member(value: Any, name: str) -> Any:
    if not isinstance(value, Mapping):
        return None
    members = cast("Mapping[str, Any]", value)
    wanted = name.casefold()
    return next((member for key, member in members.items() if key.casefold() == wanted), None)


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _dated(now: datetime, form: str) -> str:
    return now.strftime(_DATE_PART.sub(lambda found: _DATE_PARTS[found[0]], form.replace("%", "")))
