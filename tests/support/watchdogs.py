"""A watchdog around instances in memory, its books in memory, and a clock that a test sets."""

import asyncio
import functools
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import function_app  # noqa: F401 # pyright: ignore[reportUnusedImport] - fills the table of types
from shared.errors import ProviderUnavailableError
from shared.operations.findings import Finding, FindingsBoard
from shared.operations.types import TYPES
from tests.support.management import NOW, MemoryManagement
from tests.support.memory_table import MemoryTable
from workflows.management.gateways import Outside
from workflows.management.judging import Limits
from workflows.management.runs import RunBook
from workflows.management.watchdog import Watchdog, Watched

LIMITS = Limits(pending=timedelta(minutes=5), silence=timedelta(hours=48))


@dataclass
class Letters:
    """Letters by their key; ``away`` when nobody carries them."""

    sent: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    puts: int = 0
    away: bool = False

    def put(self, key: str, *, recipient: str, subject: str, text: str, at: datetime) -> bool:
        assert recipient
        assert at.tzinfo
        if self.away:
            raise ProviderUnavailableError("no carrier")
        self.puts += 1
        self.sent.setdefault(key, (subject, text))
        return True


@dataclass
class Time:
    """A clock that a test sets; each look at it may take a while."""

    at: datetime = NOW
    step: timedelta = timedelta()

    def now(self) -> datetime:
        self.at += self.step
        return self.at


@dataclass
class Kennel:
    """Everything that a watchdog needs, and what it has left behind."""

    management: MemoryManagement = field(default_factory=MemoryManagement)
    findings: MemoryTable = field(default_factory=MemoryTable)
    runs: MemoryTable = field(default_factory=MemoryTable)
    letters: Letters = field(default_factory=Letters)
    time: Time = field(default_factory=Time)

    @functools.cached_property
    def outside(self) -> Outside:
        return Outside(
            board=FindingsBoard(self.findings),
            runs=RunBook(table=self.runs),
            letters=self.letters,
            recipient="operators@example.com",
        )

    def watch(self, *, later: timedelta = timedelta()) -> Watched | None:
        """Let time pass, and the watchdog look around once."""
        self.time.at += later
        watchdog = Watchdog(
            management=self.management,
            types=TYPES,
            outside=self.outside,
            limits=LIMITS,
            clock=self.time,
        )
        return asyncio.run(watchdog.watch())

    @property
    def open(self) -> list[Finding]:
        return list(self.outside.board.open())

    @property
    def kinds(self) -> list[tuple[str, str]]:
        return [(finding.instance_id, finding.kind.value) for finding in self.open]
