"""Which instances somebody asks for: a value, read strictly from a query or a body.

Pure. What the runtime itself can select by goes into its query; the rest is looked at here, row by
row. Walking through the rows is in listing.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

import azure.durable_functions as df

from shared.durable import InstanceView
from shared.errors import FieldProblem, InvalidRequestError
from shared.operations.types import OTHER, WorkflowTypes

NAMES: Final = (
    *("type", "status", "outcome", "createdFrom", "createdTo"),
    *("idPrefix", "text", "children", "sort"),
)

_ID_PREFIX: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_:-]{0,99}")
_OUTCOME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_MOST_OUTCOMES: Final = 20
_LONGEST_TEXT: Final = 100
# RFC 3339: an instant that does not say its zone is no instant.
_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)"
)
_SORTS: Final = {"-createdAt": True, "createdAt": False}
_FLAGS: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What is asked for; empty means any.

    Attributes:
        types: names of types.
        statuses: runtime statuses.
        outcomes: what domains call the state.
        created_from, created_to: aware; the beginning is included, the end is not.
        id_prefix: how the id begins.
        text: found in the custom status, whatever the case of letters.
        children: whether parts of other workflows are asked for, too.
        newest_first: the order.
    """

    types: frozenset[str] = frozenset()
    statuses: frozenset[df.OrchestrationRuntimeStatus] = frozenset()
    outcomes: frozenset[str] = frozenset()
    created_from: datetime | None = None
    created_to: datetime | None = None
    id_prefix: str = ""
    text: str = ""
    children: bool = False
    newest_first: bool = True

    def matches(self, view: InstanceView, types: WorkflowTypes) -> bool:
        """Tell whether an instance that the runtime has selected is one of those asked for."""
        type_ = types.of(view.orchestrator)
        if self.types and type_.name not in self.types:
            return False
        # Who asks for a type by its name asks for children of that type.
        if type_.is_child and not (self.children or self.types):
            return False
        if self.outcomes and business_status(view) not in self.outcomes:
            return False
        return not self.text or self.text.casefold() in _shown_text(view.custom_status)

    def common_prefix(self, types: WorkflowTypes) -> str:
        """Return what every id that is asked for begins with, as far as the rules tell."""
        if self.id_prefix or len(self.types) != 1:
            return self.id_prefix
        (name,) = self.types
        type_ = types.named(name)
        return type_.id_prefix if type_ else ""

    def digest(self) -> str:
        """Return 16 hexadecimal digits that differ for every other filter."""
        parts = [
            *(sorted(self.types), sorted(status.value for status in self.statuses)),
            *(sorted(self.outcomes), _text_of(self.created_from), _text_of(self.created_to)),
            *(self.id_prefix, self.text, self.children, self.newest_first),
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def business_status(view: InstanceView) -> str | None:
    """Return what the domain calls the state, None where it does not say."""
    completed = view.runtime_status is df.OrchestrationRuntimeStatus.Completed
    return (_status_in(view.output) if completed else None) or _status_in(view.custom_status)


def filter_of(given: Mapping[str, str], types: WorkflowTypes, *, where: str = "?") -> Filter:
    """Read a filter; what is not in ``NAMES`` is not looked at.

    Args:
        given: the values by name, as in a query.
        types: which types there are.
        where: what stands before the name of a wrong value.

    Raises:
        InvalidRequestError: names every value that is wrong.
    """
    reader = _Reader(given, where)
    named = frozenset({OTHER.name, *(type_.name for type_ in types)})
    found = Filter(
        types=reader.listed("type", named),
        statuses=frozenset(map(df.OrchestrationRuntimeStatus, reader.listed("status", _STATUSES))),
        outcomes=reader.outcomes("outcome"),
        created_from=reader.instant("createdFrom"),
        created_to=reader.instant("createdTo"),
        id_prefix=reader.id_prefix("idPrefix"),
        text=reader.text("text"),
        children=reader.one_of("children", _FLAGS, default=False),
        newest_first=reader.one_of("sort", _SORTS, default=True),
    )
    if found.created_from and found.created_to and found.created_from >= found.created_to:
        reader.wrong("createdTo", "order", "is not after createdFrom")
    reader.refuse()
    return found


def refuse_unknown(given: Mapping[str, str], known: frozenset[str]) -> None:
    """Refuse parameters that nobody reads: a typing error would select everything.

    Raises:
        InvalidRequestError: names each of them that can be a name at all.
    """
    unknown = sorted(name for name in given if name not in known)
    if unknown:
        raise InvalidRequestError(
            "the query is wrong",
            [
                FieldProblem(pointer=f"?{_named(name)}", code="unknown", detail="is not known here")
                for name in unknown
            ],
        )


_STATUSES: Final = frozenset(status.value for status in df.OrchestrationRuntimeStatus)


class _Reader:
    """Reads values and notes what is wrong with them; refused values are not repeated."""

    def __init__(self, given: Mapping[str, str], where: str) -> None:
        self._given = given
        self._where = where
        self._problems: list[FieldProblem] = []

    def wrong(self, name: str, code: str, detail: str) -> None:
        self._problems.append(
            FieldProblem(pointer=f"{self._where}{name}", code=code, detail=detail)
        )

    def refuse(self) -> None:
        if self._problems:
            raise InvalidRequestError("what is asked for is not valid", self._problems)

    def listed(self, name: str, allowed: frozenset[str]) -> frozenset[str]:
        raw = self._given.get(name)
        if raw is None:
            return frozenset()
        found = frozenset(raw.split(","))
        if not found <= allowed:
            self.wrong(name, "enum", f"may be, separated by commas: {', '.join(sorted(allowed))}")
            return frozenset()
        return found

    def outcomes(self, name: str) -> frozenset[str]:
        raw = self._given.get(name)
        if raw is None:
            return frozenset()
        found = frozenset(raw.split(","))
        if len(found) > _MOST_OUTCOMES or not all(map(_OUTCOME.fullmatch, found)):
            self.wrong(name, "malformed", f"expected up to {_MOST_OUTCOMES} of a-z, 0-9 and _")
        return found

    def instant(self, name: str) -> datetime | None:
        raw = self._given.get(name)
        if raw is None:
            return None
        if _INSTANT.fullmatch(raw):
            try:
                return datetime.fromisoformat(raw.upper()).astimezone(UTC)
            except (ValueError, OverflowError):
                pass
        self.wrong(name, "malformed", "expected an instant like 2030-01-31T12:00:00Z")
        return None

    def id_prefix(self, name: str) -> str:
        raw = self._given.get(name)
        if raw is not None and not _ID_PREFIX.fullmatch(raw):
            self.wrong(name, "malformed", "expected 1 to 100 of A-Z a-z 0-9 _ : -")
        return raw or ""

    def text(self, name: str) -> str:
        raw = self._given.get(name)
        if raw is not None and not (raw.isprintable() and 0 < len(raw) <= _LONGEST_TEXT):
            self.wrong(name, "malformed", f"expected 1 to {_LONGEST_TEXT} printable characters")
        return raw or ""

    def one_of(self, name: str, allowed: Mapping[str, bool], *, default: bool) -> bool:
        raw = self._given.get(name)
        if raw is None:
            return default
        if raw not in allowed:
            self.wrong(name, "enum", f"may be: {', '.join(allowed)}")
        return allowed.get(raw, default)


def _named(name: str) -> str:
    return name if name.isascii() and name.isidentifier() and len(name) <= _LONGEST_TEXT else "*"


def _status_in(document: object) -> str | None:
    if not isinstance(document, dict):
        return None
    status = cast("dict[str, object]", document).get("status")
    return status if isinstance(status, str) else None


def _shown_text(status: Any) -> str:
    return "" if status is None else json.dumps(status, ensure_ascii=False).casefold()


def _text_of(instant: datetime | None) -> str:
    return instant.isoformat() if instant else ""
