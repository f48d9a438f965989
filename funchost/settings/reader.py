"""JSON as the platform reads it, with the place of every value.

Comments (``//``, ``/* */``), a byte order mark and trailing commas are legal, and of two equal keys
the last counts; a second document after the first is not, unless the caller can do with the first.
What the keys mean is not decided here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import Any

from funchost.settings.errors import Position, SettingsError

type KeyPath = tuple[str | int, ...]

_GAP = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")
_STRINGS = JSONDecoder()
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: its value, where each key path begins, and where a second document does."""

    source: Path | str
    value: Any
    positions: Mapping[KeyPath, Position] = field(default_factory=dict[KeyPath, Position])
    surplus: Position | None = None

    def position(self, path: KeyPath) -> Position | None:
        """Return where a value (or, failing that, what holds it) begins."""
        for length in range(len(path), -1, -1):
            found = self.positions.get(path[:length])
            if found is not None:
                return found
        return None


def read_file(path: Path, *, first_only: bool = False) -> Document | None:
    """Parse a file; None when there is none.

    Args:
        path: the file.
        first_only: let further documents follow the first, and say where (``surplus``).

    Raises:
        SettingsError: it cannot be read, or is not JSON.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot be read: {error}", source=path) from error
    return parse(text, source=path, first_only=first_only)


def parse(text: str, *, source: Path | str, first_only: bool = False) -> Document:
    """Parse one JSON document; with ``first_only`` the first of several.

    Raises:
        SettingsError: at the line and column of the first thing that is not JSON.
    """
    return _Parser(text, source).document(first_only=first_only)


class _Parser:
    def __init__(self, text: str, source: Path | str) -> None:
        self._text = text
        self._source = source
        self._at = 0
        self._positions: dict[KeyPath, Position] = {}

    def document(self, *, first_only: bool) -> Document:
        value = self._value(())
        positions = dict(self._positions)
        self._skip()
        if self._is_at_end():
            return Document(self._source, value, positions)
        surplus = self._position(self._at)
        if not (first_only and self._peek() == "{"):
            raise self._error("there is more after the end of the document")
        while not self._is_at_end():  # what is passed over has to be JSON all the same
            self._value(())
            self._skip()
        return Document(self._source, value, positions, surplus)

    def _is_at_end(self) -> bool:
        return self._at >= len(self._text)

    def _value(self, path: KeyPath) -> Any:
        self._skip()
        self._positions[path] = self._position(self._at)
        match self._peek():
            case "{":
                return dict(self._members(path))
            case "[":
                return list(self._items(path))
            case '"':
                return self._string()
            case _:
                return self._scalar()

    def _members(self, path: KeyPath) -> Iterator[tuple[str, Any]]:
        for _ in self._between("{", "}"):
            if self._peek() != '"':
                raise self._error("a key in double quotes was expected")
            name = self._string()
            self._expect(":")
            yield name, self._value((*path, name))

    def _items(self, path: KeyPath) -> Iterator[Any]:
        for index in self._between("[", "]"):
            yield self._value((*path, index))

    def _between(self, opening: str, closing: str) -> Iterator[int]:
        """Yield the ordinal of each element, leaving it to the caller to consume it."""
        begin = self._at
        self._expect(opening)
        index = 0
        while self._peek(skip=True) != closing:
            if self._peek() == "":
                raise self._error(f"this {opening!r} is never closed", at=begin)
            if index:
                self._expect(",")
                if self._peek(skip=True) == closing:
                    break
            yield index
            index += 1
        self._at += 1

    def _string(self) -> str:
        try:
            value, self._at = _STRINGS.raw_decode(self._text, self._at)
        except JSONDecodeError as error:
            raise self._error(error.msg.lower(), at=error.pos) from None
        return str(value)

    def _scalar(self) -> int | float | bool | None:
        number = _NUMBER.match(self._text, self._at)
        if number is not None:
            self._at = number.end()
            is_whole = number[1] is None and number[2] is None
            return int(number[0]) if is_whole else float(number[0])
        for word, value in _WORDS.items():
            if self._text.startswith(word, self._at):
                self._at += len(word)
                return value
        found = self._text[self._at : self._at + 1]
        raise self._error(
            f"a value was expected, not {found!r}" if found else "a value was expected"
        )

    def _skip(self) -> None:
        gap = _GAP.match(self._text, self._at)
        if gap is not None:
            self._at = gap.end()
        if self._text.startswith("/*", self._at):
            raise self._error("this comment is never closed")

    def _peek(self, *, skip: bool = False) -> str:
        if skip:
            self._skip()
        return self._text[self._at : self._at + 1]

    def _expect(self, symbol: str) -> None:
        if self._peek(skip=True) != symbol:
            found = self._peek()
            raise self._error(f"{symbol!r} was expected" + (f", not {found!r}" if found else ""))
        self._at += 1
        self._skip()

    def _position(self, at: int) -> Position:
        line_begin = self._text.rfind("\n", 0, at) + 1
        return Position(line=self._text.count("\n", 0, at) + 1, column=at - line_begin + 1)

    def _error(self, message: str, *, at: int | None = None) -> SettingsError:
        position = self._position(self._at if at is None else at)
        return SettingsError(message, source=self._source, position=position)
