"""Reads what the app answered: JSON whose shape is the app's promise, not ours to enforce.

A member that is missing or of another kind reads as absent, so that a newer app can be looked at.
"""

from typing import Any, cast

type Document = dict[str, Any]


def as_document(value: object) -> Document:
    """Return a JSON object as it is, and an empty one for anything else."""
    return cast("Document", value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """Return a JSON array as it is, and an empty one for anything else."""
    return cast("list[object]", value) if isinstance(value, list) else []


def member(document: object, *path: str) -> Any:
    """Return what lies at a path of names, None when nothing does."""
    found: Any = document
    for name in path:
        found = as_document(found).get(name)
    return found


def text(document: object, *path: str) -> str:
    """Return the text at a path of names, empty when there is none."""
    found = member(document, *path)
    return found if isinstance(found, str) else ""


def items(document: object, name: str = "items") -> list[Document]:
    """Return the objects of an array."""
    return [as_document(item) for item in as_list(member(document, name))]
