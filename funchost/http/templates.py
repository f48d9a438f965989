"""Route templates as ASP.NET Core reads them: ``orders/{id:guid}/{part?}`` against a path.

A template is a value and matching is pure. Decoding the path is ``paths``, choosing among several
templates is ``routes``, what a constraint accepts is ``constraints``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from funchost.http.constraints import ConstraintError, Predicate, constraint

TOKEN = re.compile(
    r"\{(?P<parameter>(?:[^{}]|\{\{|\}\})+)\}|(?P<literal>(?:[^{}/?]|\{\{|\}\})+)|(?P<slash>/)"
)
PARAMETER = re.compile(r"(?P<stars>\*{0,2})(?P<name>[^:=?{}*/]+)(?P<rest>.*)", re.DOTALL)
CONSTRAINT = re.compile(r":(?P<name>[^:(=]+)(?:\((?P<argument>.*?)\)(?=[:=]|\Z))?", re.DOTALL)


class TemplateError(ValueError):
    """The text is not a route template; the message says where it goes wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """``{name:constraints=default}``, ``{name?}``, ``{*name}``."""

    name: str
    constraints: tuple[Predicate, ...] = ()
    default: str | None = None
    is_optional: bool = False
    is_catch_all: bool = False

    def missing(self) -> dict[str, str] | None:
        """Return what it adds to a path that ends before it, None when it is needed."""
        if self.default is not None:
            return {self.name: self.default}
        return {} if self.is_optional or self.is_catch_all else None

    def accepts(self, values: Mapping[str, str]) -> bool:
        """Tell whether its value, if there is one, satisfies every constraint."""
        value = values.get(self.name)
        return value is None or all(accepts(value) for accepts in self.constraints)


type Part = str | Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """What stands between two slashes: literals and parameters in turn."""

    parts: tuple[Part, ...]

    @property
    def parameter(self) -> Parameter | None:
        """Return the parameter that is the whole segment, if that is what it is."""
        match self.parts:
            case (Parameter() as only,):
                return only
            case _:
                return None

    @property
    def rank(self) -> int:
        """Return 1 (literal) to 5 (catch-all): the lower, the sooner it is tried."""
        match self.parts:
            case (str(),):
                return 1
            case (Parameter(is_catch_all=catches, constraints=constraints),):
                return (4 if catches else 2) + (not constraints)
            case _:
                return 2

    def missing(self) -> dict[str, str] | None:
        """Return the values when the path ends before this segment, None if it may not."""
        return self.parameter.missing() if self.parameter else None

    def capture(self, text: str) -> dict[str, str] | None:
        """Return the values that the text of one path segment gives, None for no match."""
        match self.parts:
            case (str(literal),):
                return {} if literal.casefold() == text.casefold() else None
            case (Parameter(name=name),):
                return {name: text} if text else None
            case (*whole, str("."), Parameter(is_optional=True)):
                with_suffix = _captured(self.parts, text)
                return with_suffix if with_suffix is not None else _captured(whole, text)
            case _:
                return _captured(self.parts, text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A parsed template."""

    text: str
    segments: tuple[Segment, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a template; slashes at either end mean nothing.

        Raises:
            TemplateError: it is malformed, or names a constraint that does not exist.
        """
        segments = tuple(_segments(text.removeprefix("~").strip("/")))
        _check(text, segments)
        return cls(text=text, segments=segments)

    @property
    def precedence(self) -> tuple[int, ...]:
        """Return the order of templates: of two that match, the lesser one is meant."""
        return tuple(segment.rank for segment in self.segments)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Return the parameters from left to right."""
        return tuple(_parameters(self.segments))

    def match(self, path: Sequence[str]) -> dict[str, str] | None:
        """Return the route values for the segments of a path, None when it does not match.

        An empty last segment (a trailing slash) counts only as part of a catch-all's value.
        """
        values = self._captured(path)
        if values is None or not all(one.accepts(values) for one in self.parameters):
            return None
        return values

    def _captured(self, path: Sequence[str]) -> dict[str, str] | None:
        given = path[:-1] if path and not path[-1] else path
        values: dict[str, str] = {}
        for index, segment in enumerate(self.segments):
            parameter = segment.parameter
            if parameter and parameter.is_catch_all:
                rest = "/".join(path[index:])
                return values | ({parameter.name: rest} if rest else parameter.missing() or {})
            left = index < len(given)
            captured = segment.capture(given[index]) if left else segment.missing()
            if captured is None:
                return None
            values |= captured
        return values if len(given) <= len(self.segments) else None


def _parameters(segments: Sequence[Segment]) -> Iterator[Parameter]:
    for segment in segments:
        for part in segment.parts:
            if isinstance(part, Parameter):
                yield part


def _captured(parts: Sequence[Part], text: str) -> dict[str, str] | None:
    """Match a segment of several parts; the last literal found wins, as from the right."""
    pattern = "".join(re.escape(part) if isinstance(part, str) else "(.+)" for part in parts)
    found = re.fullmatch(pattern, text, re.IGNORECASE | re.DOTALL)
    if found is None:
        return None
    names = [part.name for part in parts if isinstance(part, Parameter)]
    return dict(zip(names, found.groups(), strict=True))


def _segments(text: str) -> Iterator[Segment]:
    parts: list[Part] = []
    position = 0
    while position < len(text):
        token = TOKEN.match(text, position)
        if token is None:
            raise TemplateError(f"unexpected '{text[position]}' at position {position + 1}")
        position = token.end()
        if token["slash"]:
            yield Segment(parts=tuple(parts))
            parts = []
        elif token["literal"]:
            parts.append(_unbraced(token["literal"]))
        else:
            parts.append(_parameter(_unbraced(token["parameter"])))
    if parts:
        yield Segment(parts=tuple(parts))


def _unbraced(text: str) -> str:
    return text.replace("{{", "{").replace("}}", "}")


def _parameter(text: str) -> Parameter:
    optional = text.endswith("?")
    found = PARAMETER.fullmatch(text.removesuffix("?"))
    if found is None:
        raise TemplateError(f"'{{{text}}}' is not a parameter")
    constraints, rest = _constraints(found["rest"])
    if rest and not rest.startswith("="):
        raise TemplateError(f"'{rest}' in '{{{text}}}' is neither constraint nor default")
    if rest and optional:
        raise TemplateError(f"'{{{text}}}' is optional, so it cannot have a default")
    return Parameter(
        name=found["name"],
        constraints=constraints,
        default=rest[1:] if rest else None,
        is_optional=optional,
        is_catch_all=bool(found["stars"]),
    )


def _constraints(text: str) -> tuple[tuple[Predicate, ...], str]:
    """Read the constraints at the head of the text; return them and what follows."""
    constraints: list[Predicate] = []
    position = 0
    while found := CONSTRAINT.match(text, position):
        try:
            constraints.append(constraint(found["name"], found["argument"]))
        except ConstraintError as error:
            raise TemplateError(str(error)) from error
        position = found.end()
    return tuple(constraints), text[position:]


def _check(text: str, segments: Sequence[Segment]) -> None:
    names = [parameter.name.casefold() for parameter in _parameters(segments)]
    for segment in segments:
        if not segment.parts:
            raise TemplateError(f"'{text}' has two slashes in a row")
        for before, after in zip(segment.parts, segment.parts[1:], strict=False):
            if isinstance(before, Parameter) and isinstance(after, Parameter):
                raise TemplateError(f"two parameters of '{text}' touch each other")
        if len(segment.parts) > 1 and any(one.is_catch_all for one in _parameters([segment])):
            raise TemplateError(f"the catch-all of '{text}' is not a segment of its own")
    if any(one.is_catch_all for one in _parameters(segments[:-1])):
        raise TemplateError(f"the catch-all of '{text}' is not its last segment")
    if len(set(names)) < len(names):
        raise TemplateError(f"'{text}' names a parameter twice")
