from collections.abc import Callable
from typing import Any

class Entity:
    @classmethod
    def create(cls, fn: Callable[[Any], Any]) -> Callable[[str], str]: ...
