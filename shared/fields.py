"""Builds text fields whose refusal says in words what was expected, not as a pattern."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


@dataclass(frozen=True, slots=True)
class Matching:
    """Text has to match the whole pattern; the API's description shows it."""

    pattern: str
    expected: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Check what the field's other rules have let through."""
        compiled = re.compile(self.pattern)

        def check(text: str) -> str:
            if not compiled.fullmatch(text):
                raise PydanticCustomError(
                    "malformed", "expected {expected}", {"expected": self.expected}
                )
            return text

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Show the pattern."""
        return {
            **handler(schema),
            "pattern": f"^(?:{self.pattern})$",
            "description": self.expected,
        }


def matching(pattern: str, expected: str) -> Matching:
    """Return a validator for text that matches the whole pattern.

    Args:
        pattern: A regular expression; keep it free of nested repetition, strangers feed it.
        expected: What people are told, completing "expected ...".
    """
    return Matching(pattern, expected)
