"""Bases of the models that cross a boundary: frozen, strict, camelCase on the wire.

What crosses a durable boundary is plain JSON made by ``to_json``, never the SDK's class envelope:
histories outlive modules. No model of any domain lives here.
"""

import json
from typing import Any, Self

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

type JsonObject = dict[str, Any]


class WireModel(BaseModel):
    """A value between our own functions; unknown fields of other versions are ignored."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="ignore",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,  # an error text ends in the history: it must not quote a value
    )

    @classmethod
    def from_json(cls, raw: object) -> Self:
        """Parse decoded JSON.

        Raises:
            pydantic.ValidationError: A ``ValueError`` that names every wrong field.
        """
        # Through text, because strict mode refuses lists for tuples and strings for enums
        # everywhere except in JSON.
        return cls.model_validate_json(json.dumps(raw))

    def to_json(self) -> JsonObject:
        """Return plain JSON with camelCase names, without the absent fields."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class EdgeModel(WireModel):
    """A value that a stranger sends; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")
