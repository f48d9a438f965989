"""JSON schemas of everything that goes in and out, each model once and under its name."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from shared.models import JsonObject

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaMode

_REFERENCE: Final = "#/components/schemas/{model}"


class Schemas:
    """The schemas of many types together, because models share parts."""

    def __init__(self, types: Iterable[Any]) -> None:
        self._kept = list(types)  # so that no two of them ever have the same id()
        inputs: list[tuple[int, JsonSchemaMode, TypeAdapter[Any]]] = [
            (id(one), "validation", TypeAdapter[Any](one)) for one in self._kept
        ]
        by_key, found = TypeAdapter.json_schemas(inputs, ref_template=_REFERENCE)
        self._by_id = {key: schema for (key, _), schema in by_key.items()}
        self.components: JsonObject = found.get("$defs", {})

    def of(self, type_: Any) -> JsonObject:
        """Return the schema of one of the types: a reference, when it is a model."""
        return self._by_id[id(type_)]
