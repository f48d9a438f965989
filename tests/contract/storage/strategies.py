"""Hypothesis strategies for everything an engine event can hold."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from types import NoneType, UnionType
from typing import Any, TypeAliasType, cast, get_args, get_type_hints

from hypothesis import strategies as st

from funchost.engine.events import Event, Parent, RetryPolicy, RuntimeStatus

TEXTS = st.text(st.characters(), max_size=20)  # surrogates too: error texts may hold any

_BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    int: st.integers(),
    float: st.floats(allow_nan=False),
    datetime: st.datetimes(timezones=st.just(UTC)),
    timedelta: st.timedeltas(),
    RuntimeStatus: st.sampled_from(RuntimeStatus),
}


def event_types() -> list[type]:
    """Return every member of the ``Event`` union."""
    return sorted(_members(Event), key=lambda cls: cls.__name__)


def instances_of(cls: type) -> st.SearchStrategy[Any]:
    """Return any value of a dataclass of the engine."""
    hints = get_type_hints(cls)
    return st.builds(cls, **{field.name: _values(hints[field.name]) for field in fields(cls)})


def events() -> st.SearchStrategy[Event]:
    """Return any event."""
    return cast("st.SearchStrategy[Event]", st.one_of(*map(instances_of, event_types())))


def _members(alias: Any) -> set[type]:
    if isinstance(alias, TypeAliasType):
        return _members(alias.__value__)
    if isinstance(alias, UnionType):
        return set[type]().union(*map(_members, get_args(alias)))
    return {alias}


def _values(hint: Any) -> st.SearchStrategy[Any]:
    if isinstance(hint, UnionType):
        return st.one_of(*map(_values, get_args(hint)))
    if hint is NoneType:
        return st.none()
    if hint in (RetryPolicy, Parent):
        return instances_of(cast("type", hint))
    return _BY_TYPE[hint]
