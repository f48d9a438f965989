"""The functions that the app serves, for whoever describes them: published once, at the start."""

from collections.abc import Iterable
from typing import Final

from shared.models import JsonObject
from shared.openapi.document import document
from shared.registered import HttpFunction


class Published:
    """What the composition root has registered."""

    def __init__(self) -> None:
        self._functions: tuple[HttpFunction, ...] = ()
        self._document: JsonObject | None = None

    def publish(self, functions: Iterable[HttpFunction]) -> None:
        """Say which functions there are; describing them waits until somebody asks."""
        self._functions, self._document = tuple(functions), None

    def document(self) -> JsonObject:
        """Return the OpenAPI document; nobody may change it."""
        if self._document is None:
            self._document = document(self._functions)
        return self._document


PUBLISHED: Final = Published()
