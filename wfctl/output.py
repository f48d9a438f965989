"""Where everything that is printed goes: documents to stdout, remarks and refusals to stderr.

`--json` prints the app's documents, one a line; else a table or a few lines are drawn. Colours and
live views are for terminals: a pipe gets plain text of any width.
"""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any, Final, override

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from wfctl.documents import as_list, member
from wfctl.exits import RefusedError, StopError, UnavailableError
from wfctl.wording import printable, when, words

_PIPE_WIDTH: Final = 10_000  # nothing is cut off or folded on its way to another program
_STYLES: Final[Mapping[str, str]] = {
    "Pending": "yellow",
    "Running": "cyan",
    "Suspended": "magenta",
    "ContinuedAsNew": "cyan",
    "Completed": "green",
    "Failed": "bold red",
    "Terminated": "red",
    "Canceled": "red",
}


class Output:
    """What a command may say.

    Args:
        as_json: Whether scripts read it.
        in_utc: Whether times are shown in UTC instead of the machine's zone.
    """

    def __init__(self, *, as_json: bool = False, in_utc: bool = False) -> None:
        self.as_json = as_json
        self.zone: tzinfo | None = UTC if in_utc else None
        self.console = _console(stderr=False)
        self._remarks = _console(stderr=True)

    @property
    def is_live(self) -> bool:
        """Whether somebody watches a terminal."""
        return self.console.is_terminal and not self.as_json

    def print_json(self, document: Any) -> None:
        """Print a document in one line of ASCII, so that it survives any pipe and drives none."""
        sys.stdout.write(json.dumps(document) + "\n")
        sys.stdout.flush()

    def show(self, *drawn: RenderableType) -> None:
        """Print something for people."""
        for part in drawn:
            self.console.print(part, soft_wrap=not self.console.is_terminal)

    def answer(self, document: Any, *drawn: RenderableType) -> None:
        """Print a document as it is, or drawn."""
        if self.as_json:
            self.print_json(document)
        else:
            self.show(*drawn)

    def listing(self, documents: Iterable[Any], drawn: RenderableType, *, if_none: str) -> None:
        """Print documents one a line, or drawn together."""
        documents = list(documents)
        if self.as_json:
            for document in documents:
                self.print_json(document)
        elif documents:
            self.show(drawn)
        else:
            self.remark(if_none)

    def remark(self, sentence: str) -> None:
        """Say something beside the result."""
        self._remarks.print(Text(sentence, style="dim"), soft_wrap=True)

    def complain(self, error: StopError) -> None:
        """Say why it ends here, with every field that the app names."""
        problem = error.problem if isinstance(error, RefusedError | UnavailableError) else {}
        if self.as_json and problem:
            sys.stderr.write(json.dumps(problem) + "\n")
            return
        self._remarks.print(Text(f"wfctl: {printable(str(error))}", style="red"), soft_wrap=True)
        if detail := problem.get("detail"):
            self._remarks.print(Text(f"  {words(detail)}"), soft_wrap=True)
        for found in as_list(problem.get("errors")):
            pointer, said = words(member(found, "pointer")), words(member(found, "detail"))
            self._remarks.print(Text(f"  {pointer}: {said}"), soft_wrap=True)
        if trace := problem.get("traceId"):
            self._remarks.print(Text(f"  trace {words(trace)}", style="dim"), soft_wrap=True)

    def time(self, value: object) -> str:
        """Write a time in the zone that was asked for."""
        return when(value, self.zone)


def forget_output() -> None:
    """Let nothing more be written to a pipe that nobody reads, at the process's end included."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Console(Console):
    """A console that leaves the end of a pipe to whoever prints."""

    @override
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def _console(*, stderr: bool) -> Console:
    console = _Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    return console


def table(*columns: str) -> Table:
    """Make a table without lines; long cells fold, so that ids can be copied whole."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def facts(rows: Sequence[tuple[str, RenderableType]]) -> Table:
    """Make a list of names and what they are."""
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        made.add_row(name, value)
    return made


def plain(value: object) -> Text:
    """Write a value without any meaning of its own to the terminal."""
    return Text(words(value))


def status(value: object) -> Text:
    """Write a runtime status in its colour."""
    return Text(words(value), style=_STYLES.get(str(value), ""))
