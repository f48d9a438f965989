"""Adds numbers up until they are sent: for exporters whose library cannot hold distributions."""

import threading
from dataclasses import dataclass, field

from shared.telemetry.port import Attributes, Value


@dataclass(slots=True)
class Sum:
    """One series of one interval; ``least`` and ``most`` are None for what is counted."""

    name: str
    attributes: dict[str, Value]
    total: float = 0.0
    times: int = 0
    least: float | None = None
    most: float | None = None

    def add(self, value: float) -> None:
        """Add a value to a distribution."""
        self.least = value if self.least is None else min(self.least, value)
        self.most = value if self.most is None else max(self.most, value)
        self.total += value
        self.times += 1


@dataclass(slots=True)
class Sums:
    """The series of the interval that runs; any thread may add."""

    _series: dict[tuple[object, ...], Sum] = field(default_factory=dict[tuple[object, ...], Sum])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, name: str, amount: int, attributes: Attributes) -> None:
        """Add an amount."""
        with self._lock:
            found = self._of(name, attributes)
            found.total += amount
            found.times = 1

    def measure(self, name: str, value: float, attributes: Attributes) -> None:
        """Add a value to a distribution."""
        with self._lock:
            self._of(name, attributes).add(value)

    def taken(self) -> list[Sum]:
        """Return the series of the interval, and begin the next one."""
        with self._lock:
            found, self._series = list(self._series.values()), {}
        return found

    def _of(self, name: str, attributes: Attributes) -> Sum:
        key = (name, *sorted(attributes.items(), key=lambda each: each[0]))
        return self._series.setdefault(key, Sum(name, dict(attributes)))
