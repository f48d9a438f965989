"""Builds text fields whose refusal says in words what was expected, not as a pattern."""

import re

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError


def matching(pattern: str, expected: str) -> AfterValidator:
    """Return a validator for text that matches the whole pattern.

    Args:
        pattern: A regular expression; keep it free of nested repetition, strangers feed it.
        expected: What people are told, completing "expected ...".
    """
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise PydanticCustomError("malformed", "expected {expected}", {"expected": expected})
        return text

    return AfterValidator(check)
