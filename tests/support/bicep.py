"""Reads the Bicep files as trees, for tests that hold them against the code and one another.

It sees what is written, not what a compiler would make of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tree_sitter
import tree_sitter_bicep

ROOT: Final = Path(__file__).parents[2]
INFRA: Final = ROOT / "infra"
FILES: Final = tuple(sorted([*INFRA.glob("*.bicep"), *INFRA.glob("modules/*.bicep")]))

_PARSER: Final = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bicep.language()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A ``param``, or an ``output``, with the decorators above it."""

    name: str
    type: str
    description: str | None
    is_optional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A ``module`` of main.bicep and the names of what it is given."""

    name: str
    path: Path
    given: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A ``resource`` that is made: its type with the version of the interface, and its text."""

    name: str
    type: str
    text: str


class BicepFile:
    """One file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text("utf-8")
        self.root = _PARSER.parse(self.text.encode()).root_node

    @property
    def has_errors(self) -> bool:
        return self.root.has_error

    @property
    def description(self) -> str | None:
        """What ``metadata description`` says."""
        for node in self.root.children:
            if node.type == "metadata_declaration" and "description" in _text(node):
                return _text(node)
        return None

    @property
    def parameters(self) -> list[Parameter]:
        return list(self._declared("parameter_declaration"))

    @property
    def outputs(self) -> list[Parameter]:
        return list(self._declared("output_declaration"))

    @property
    def modules(self) -> list[Module]:
        return [
            Module(
                name=_identifier(node),
                path=(self.path.parent / _string(node)).resolve(),
                given=frozenset(_keys(_member(_object(node), "params"))),
            )
            for node in self.root.children
            if node.type == "module_declaration"
        ]

    @property
    def resources(self) -> list[Resource]:
        return [
            Resource(name=_identifier(node), type=_string(node), text=_text(node))
            for node in self.root.children
            if node.type == "resource_declaration"
            and not any(_text(child) == "existing" for child in node.children)
        ]

    def keys_of(self, variable: str) -> set[str]:
        """Return the names in an object that a ``var`` holds."""
        for node in self.root.children:
            if node.type == "variable_declaration" and _identifier(node) == variable:
                return set(_keys(_object(node)))
        raise KeyError(variable)

    def _declared(self, kind: str) -> Iterator[Parameter]:
        description: str | None = None
        for node in self.root.children:
            if node.type == "decorators" and "@description(" in _text(node):
                description = _text(node).partition("@description('")[2]
            elif node.type == kind:
                words = _text(node).split()
                yield Parameter(
                    name=words[1], type=words[2], description=description, is_optional="=" in words
                )
                description = None
            elif node.type not in {"decorators", "\n", "comment"}:
                description = None


def bicep_files() -> list[BicepFile]:
    """Return every file of infra/ that a compiler would read."""
    return [BicepFile(path) for path in FILES]


def _text(node: tree_sitter.Node) -> str:
    return node.text.decode() if node.text else ""


def _identifier(node: tree_sitter.Node) -> str:
    return next(_text(child) for child in node.children if child.type == "identifier")


def _string(node: tree_sitter.Node) -> str:
    return next(_text(child)[1:-1] for child in node.children if child.type == "string")


def _object(node: tree_sitter.Node) -> tree_sitter.Node:
    """Return the outermost object of a declaration, also inside a loop or a condition."""
    waiting = list(node.children)
    while waiting:
        child = waiting.pop(0)
        if child.type == "object":
            return child
        waiting.extend(child.children)
    raise LookupError(_text(node)[:60])


def _member(node: tree_sitter.Node, name: str) -> tree_sitter.Node:
    for child in node.children:
        if child.type == "object_property" and _key(child) == name:
            return _object(child)
    raise KeyError(name)


def _keys(node: tree_sitter.Node) -> Iterator[str]:
    return (_key(child) for child in node.children if child.type == "object_property")


def _key(node: tree_sitter.Node) -> str:
    return _text(node.children[0]).strip("'")
