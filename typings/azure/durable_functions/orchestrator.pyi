"""The SDK's replay of one orchestrator, as far as tests drive it by hand."""

from collections.abc import Callable
from typing import Any

class Orchestrator:
    @classmethod
    def create(cls, fn: Callable[[Any], Any]) -> Callable[[Any], str]: ...
