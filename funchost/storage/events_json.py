"""Events as compact JSON text, e.g. ``{"type":"TimerFired","at":0,"timer_id":3,"fire_at":0}``.

The tables are made from the event classes: every member of ``Event`` is covered by construction,
and a field of a kind that has no rule here stops the import. None is left out; instants and
durations are whole microseconds. The text outlives the code that wrote it, so it changes by
addition only: reading passes over unknown keys, and a new field needs a default. Renaming a class
or a field in ``engine.events`` breaks stored files (the golden texts in the tests say so).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from types import MappingProxyType, NoneType, UnionType
from typing import Any, TypeAliasType, cast, get_args, get_type_hints

from funchost.engine.events import Event, MessageEvent, Parent, RuntimeStatus
from funchost.storage.errors import StateFileError
from funchost.storage.instants import (
    duration_from_micros,
    duration_to_micros,
    from_micros,
    to_micros,
)

type Writer = Callable[[Any], str]
type Reader = Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


_RULES: Mapping[type, tuple[Writer, Reader]] = {
    str: (json.dumps, _same),  # ASCII only, so that a lone surrogate survives as its escape
    int: (str, _same),
    float: (json.dumps, _same),
    datetime: (lambda value: str(to_micros(value)), from_micros),
    timedelta: (lambda value: str(duration_to_micros(value)), duration_from_micros),
    RuntimeStatus: (json.dumps, RuntimeStatus),
}


@dataclass(frozen=True, slots=True)
class _Shape:
    """How the values of one class are written and read."""

    make: type
    values: Callable[[Any], tuple[Any, ...]]
    writers: tuple[tuple[str, Writer], ...]  # the key as it stands before the value, the rule
    readers: Mapping[str, Reader]

    def write(self, value: Any, start: str = "") -> str:
        parts = [start]
        for (key, write), field in zip(self.writers, self.values(value), strict=True):
            if field is not None:
                parts.append(key)
                parts.append(write(field))
        text = "".join(parts)
        return f"{{{text if start else text[1:]}}}"

    def read(self, document: Mapping[str, Any]) -> Any:
        readers = self.readers
        return self.make(
            **{
                key: readers[key](value)
                for key, value in document.items()
                if key in readers and value is not None
            }
        )


def _shape(cls: type) -> _Shape:
    hints = get_type_hints(cls)
    names = [field.name for field in fields(cls)]
    rules = {name: _rule(hints[name]) for name in names}
    return _Shape(
        make=cls,
        values=attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),),
        writers=tuple((f',"{name}":', write) for name, (write, _) in rules.items()),
        readers=MappingProxyType({name: read for name, (_, read) in rules.items()}),
    )


def _rule(hint: Any) -> tuple[Writer, Reader]:
    if isinstance(hint, UnionType):
        (hint,) = (part for part in get_args(hint) if part is not NoneType)
    if is_dataclass(hint):
        shape = _shape(cast("type", hint))
        return shape.write, shape.read
    return _RULES[hint]


def _members(alias: Any) -> frozenset[type]:
    """Return the classes of a union of classes and of aliases of unions."""
    if isinstance(alias, TypeAliasType):
        return _members(alias.__value__)
    if isinstance(alias, UnionType):
        return frozenset[type]().union(*map(_members, get_args(alias)))
    return frozenset({alias})


_PARENT = _shape(Parent)
_SHAPES = {cls: _shape(cls) for cls in _members(Event)}
_STARTS = {cls: f'"type":"{cls.__name__}"' for cls in _SHAPES}
_KINDS = {cls.__name__: shape for cls, shape in _SHAPES.items()}
_MESSAGE_KINDS = frozenset(cls.__name__ for cls in _members(MessageEvent))


def encode_event(event: Event) -> str:
    """Return the event as ASCII JSON text."""
    cls = type(event)
    return _SHAPES[cls].write(event, _STARTS[cls])


def decode_event(text: str) -> Event:
    """Return the event a text stands for.

    Raises:
        StateFileError: it is none, e.g. because a newer version wrote it.
    """
    try:
        document = json.loads(text)
        return cast("Event", _KINDS[document["type"]].read(document))
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise StateFileError(f"An event in the state file cannot be read: {error!r}") from error


def decode_message_event(text: str) -> MessageEvent:
    """Return the event of a message.

    Raises:
        StateFileError: it is none, or one that no message carries.
    """
    event = decode_event(text)
    if type(event).__name__ not in _MESSAGE_KINDS:
        raise StateFileError(f"No message carries a {type(event).__name__}.")
    return cast("MessageEvent", event)


def encode_parent(parent: Parent) -> str:
    """Return a parent link as ASCII JSON text."""
    return _PARENT.write(parent)


def decode_parent(text: str) -> Parent:
    """Return the parent link a text stands for."""
    return cast("Parent", _PARENT.read(json.loads(text)))
