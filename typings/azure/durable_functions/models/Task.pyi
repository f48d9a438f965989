"""Tasks of azure-functions-durable 1.7, as far as this repository uses them."""

from typing import Any

class TaskBase:
    # The value, or the exception of a task that failed: a task_any raises nothing for its winner.
    result: Any
    @property
    def is_completed(self) -> bool: ...

class TimerTask(TaskBase):
    def cancel(self) -> None: ...
