"""Task objects of azure-functions-durable 1.7, as far as orchestrators yield them."""

from typing import Any

class TaskBase:
    @property
    def is_completed(self) -> bool: ...
    @property
    def result(self) -> Any: ...
