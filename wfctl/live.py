"""Draws what is followed: a view that renews itself on a terminal, else a line for every change."""

from collections import deque
from datetime import datetime
from typing import Final

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from wfctl.documents import Document, as_list, member, text
from wfctl.follow import Sight
from wfctl.output import Output, plain, status
from wfctl.session import Surroundings
from wfctl.wording import duration, instant, printable, words

_MOST_CHANGES: Final = 8
_BAR_WIDTH: Final = 40


def summary(document: Document) -> str:
    """Say in two words where an instance stands."""
    parts = [text(document, "runtimeStatus"), text(document, "businessStatus")]
    return printable(" ".join(part for part in parts if part))


class Lines:
    """One line for every change, for logs and pipes."""

    def __init__(self, out: Output, surroundings: Surroundings) -> None:
        self._out = out
        self._surroundings = surroundings
        self._last = ""

    def add(self, sight: Sight) -> None:
        """Print what is new."""
        parts = [summary(sight.instance), _progress_in_words(sight.job), printable(sight.sentence)]
        line = " | ".join(part for part in parts if part)
        if line == self._last:
            return
        self._last = line
        at = self._out.time(self._surroundings.now().isoformat())
        self._out.show(Text(f"{at} {words(sight.instance.get('instanceId'))} {line}"))


class View:
    """A view that renews itself: what it is, why it is there, how far, and what came before."""

    def __init__(self, out: Output, surroundings: Surroundings) -> None:
        self._out = out
        self._surroundings = surroundings
        self._sight: Sight | None = None
        self._changes = deque[tuple[datetime, str]](maxlen=_MOST_CHANGES)
        self._spinner = Spinner("dots")

    def add(self, sight: Sight) -> None:
        """Take what was seen."""
        self._sight = sight
        now = summary(sight.instance)
        if not self._changes or self._changes[-1][1] != now:
            self._changes.append((self._surroundings.now(), now))

    def __rich__(self) -> RenderableType:
        """Draw what was seen last, with the time that has passed by now."""
        if self._sight is None:
            return self._spinner
        sight, instance = self._sight, self._sight.instance
        parts: list[RenderableType] = [self._head(instance, is_over=sight.is_over)]
        if sight.sentence:
            parts.append(
                Text(printable(sight.sentence), style="bold red" if sight.is_stuck else "")
            )
        if sight.job:
            parts += _drawn_progress(sight.job)
        if steps := _steps(instance):
            parts.append(steps)
        parts += [
            Text(f"  {self._out.time(at.isoformat())}  {what}", style="dim")
            for at, what in self._changes
        ]
        return Group(*parts)

    def _head(self, instance: Document, *, is_over: bool) -> RenderableType:
        line = Table.grid(padding=(0, 2, 0, 0))
        began = instant(instance.get("createdAt"))
        until = instant(instance.get("lastUpdatedAt")) if is_over else self._surroundings.now()
        age = duration((until - began).total_seconds()) if began and until else ""
        line.add_row(
            Text("■") if is_over else self._spinner,
            Text(words(instance.get("instanceId")), style="bold"),
            status(instance.get("runtimeStatus")),
            plain(instance.get("businessStatus")),
            Text(age, style="dim"),
        )
        return line


def _steps(instance: Document) -> Table | None:
    """Draw the steps that a saga tells in its custom status."""
    told = [
        ("done", "green", "✔"),
        ("current", "cyan", "▸"),
        ("failed", "red", "✘"),
        ("compensated", "yellow", "↩"),
    ]
    drawn = Table.grid(padding=(0, 1, 0, 0))
    for name, style, mark in told:
        for step in as_list(member(instance, "customStatus", name)):
            drawn.add_row(Text(f"  {mark}", style=style), plain(step))
    return drawn if drawn.row_count else None


def _drawn_progress(job: Document) -> list[RenderableType]:
    percent = job.get("percent")
    bar = ProgressBar(
        total=100,
        completed=float(percent) if isinstance(percent, int | float) else 0.0,
        width=_BAR_WIDTH,
    )
    return [bar, Text(_progress_in_words(job))]


def _progress_in_words(job: Document) -> str:
    if not job:
        return ""
    done, planned = member(job, "rows", "done"), member(job, "rows", "planned")
    parts = [f"{words(job.get('percent'))} %", f"{words(done)} of {words(planned)} rows"]
    if rejected := member(job, "rows", "rejected"):
        parts.append(f"{words(rejected)} rejected")
    rate, left = job.get("rowsPerSecond"), job.get("estimatedSecondsLeft")
    if isinstance(rate, int | float):
        parts.append(f"{rate:.0f} rows/s")
    if isinstance(left, int | float) and left > 0:
        parts.append(f"{duration(left)} left")
    return ", ".join(parts)
