"""Tasks of azure-functions-durable 1.7, as far as this repository uses them."""

class TaskBase:
    @property
    def is_completed(self) -> bool: ...
