"""The book of approvals: kept requests, their logs, and notes of who waits for whom.

Everything that is recorded is recorded here. Every call may raise ``StorageUnavailableError``, and
every call that changes something is safe to repeat. Waking orchestrations is in desk.
"""

import functools
import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from shared.chain import Entry, NewEntry
from shared.chained_log import ChainedLogs, Log
from shared.errors import LogBrokenError, RequestMissingError
from shared.ids import new_id
from shared.principal import Principal, digest_of_address
from shared.storage import Row, instant_text
from shared.stored_requests import StoredRequest, StoredRequests
from workflows.approval import names
from workflows.approval.decisions import (
    LINK_REFUSED,
    Command,
    Refusal,
    Repeated,
    decide,
)
from workflows.approval.entries import EntryKind, HandedOver, LevelOpened, Published, Requested
from workflows.approval.models import Advance, ApprovalRequest, LogEnd, Step
from workflows.approval.rules import Ruling
from workflows.approval.state import ApprovalState, fold, follow
from workflows.approval.transitions import advance, step

_logger = logging.getLogger(__name__)

_PENDING: Final = "pending"
# Whoever noted a poke has recorded and poked long before that, or has died.
_NOTE_IS_OLD: Final = timedelta(minutes=2)


class Table(Protocol):
    """The part of a table that notes need."""

    def put(self, row: Row) -> None:
        """Write the row whatever is there."""
        ...

    def remove(self, row: Row) -> bool:
        """Remove the row as it was read, or whatever it holds."""
        ...

    def rows(self, condition: str, **parameters: str) -> Iterator[Row]:
        """Yield the rows that meet a condition."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """One request as it is kept and as its log tells it."""

    stored: StoredRequest
    request: ApprovalRequest
    log: Log
    state: ApprovalState

    @property
    def request_id(self) -> str:
        """The business id."""
        return self.request.request_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An entry was appended; ``pokes`` are the events that say so, ``note`` says it is pending."""

    state: ApprovalState
    entry: Entry
    pokes: tuple[str, ...]
    note: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedBefore:
    """The same was appended earlier; ``pokes`` are all that the orchestration may still miss."""

    state: ApprovalState
    pokes: tuple[str, ...]


class Approvals:
    """Reads and records; time and people come in as values.

    Args:
        requests: what people sent, as it came.
        logs: what was decided.
        ruling: who is asked about a request that does not say it itself.
        inbox: which requests may wait for whom; a hint, the log decides.
        pokes: which requests may have entries that nobody was woken for.
    """

    def __init__(
        self,
        *,
        requests: StoredRequests,
        logs: ChainedLogs,
        ruling: Callable[[ApprovalRequest], Ruling | None],
        inbox: Table,
        pokes: Table,
    ) -> None:
        self.requests = requests
        self.logs = logs
        self._ruling = ruling
        self._inbox = inbox
        self._pokes = pokes

    def read(self, request_id: str) -> Dossier:
        """Return a request; one that nothing is recorded of yet is as it will be recorded.

        Raises:
            RequestMissingError: Nobody asked for this.
            LogBrokenError: Its log was changed by somebody.
        """
        stored = self.requests.load(request_id)
        request = ApprovalRequest.from_json(stored.body)
        log = self.logs.read(request_id)
        state = fold(log.entries) or follow(None, self._requested(stored, request), 0)
        return Dossier(stored=stored, request=request, log=log, state=state)

    def find(self, request_id: str) -> Dossier | None:
        """Return a request, or None when nobody asked for this."""
        try:
            return self.read(request_id)
        except RequestMissingError:
            return None

    def advance(self, question: Advance) -> Step:
        """Append what is due at an instant of the orchestration's time, and say what is next."""
        entries = self.logs.settle(functools.partial(self._try_advance, question))
        state = fold(entries)
        if state is None:
            raise ValueError("an advanced log has entries")
        fresh = [entry for entry in entries if entry.sequence > question.seen]
        self._note_waiting(question.request_id, state, fresh)
        return step(state, entries, seen=question.seen)

    def note_published(self, request_id: str, sha256: str, *, at: datetime) -> LogEnd:
        """Append once that a document was published; return the end of the log."""
        last = self.logs.settle(functools.partial(self._try_note, request_id, sha256, at))[-1]
        return LogEnd(sequence=last.sequence, hash=last.hash)

    def record(
        self,
        dossier: Dossier,
        command: Command,
        actor: Principal,
        *,
        at: datetime,
        guard: str | None = None,
    ) -> Recorded | RecordedBefore | Refusal:
        """Append what somebody wants, or say why not.

        Args:
            dossier: the request as it was read just now; if its log has grown, it is read again.
            command: what they want.
            actor: who they proved to be.
            at: when, by the clock of whoever serves them; orders nothing.
            guard: a key that is used up by recording, such as a link's.
        """
        outcome = _outcome(dossier, command, actor, guard)
        if not isinstance(outcome, NewEntry):
            return outcome
        # Noted before it is recorded: whatever dies from here on, somebody will poke.
        note = self._noted(dossier.request_id, at)
        readings = itertools.chain([dossier], map(self._read_again, itertools.repeat(dossier)))

        def attempt() -> tuple[Entry, ...] | RecordedBefore | Refusal:
            current = next(readings)
            wanted = _outcome(current, command, actor, guard)
            if not isinstance(wanted, NewEntry):
                return wanted
            new = [*self._missing_request(current), wanted]
            return self.logs.append(current.log, new, at=at, guard=guard)

        settled = self.logs.settle(attempt)
        if isinstance(settled, tuple):
            return _recorded(settled, note)
        self._pokes.remove(note)
        return settled

    def poked(self, note: Row) -> None:
        """Forget that somebody has to be woken."""
        self._pokes.remove(note)

    def unpoked(self) -> Iterator[Row]:
        """Yield the notes of what may never have been poked."""
        return self._pokes.rows("PartitionKey eq @partition", partition=_PENDING)

    def pokes_of(self, request_id: str) -> tuple[str, ...]:
        """Return every event that a request's orchestration may be waiting for."""
        return missed_pokes(request_id, self.logs.read(request_id).entries)

    def waiting_for(self, address: str, *, most: int) -> list[Dossier]:
        """Return what somebody is asked to decide, after looking into each log."""
        found: list[Dossier] = []
        rows = self._inbox.rows("PartitionKey eq @partition", partition=digest_of_address(address))
        for row in rows:
            try:
                dossier = self.find(row.text("requestId"))
            except LogBrokenError as broken:  # one of them must not hide the others
                _logger.error("left out of an inbox: %s", broken)  # noqa: TRY400 - it says it all
                continue
            if dossier and address in dossier.state.undecided:
                found.append(dossier)
            else:
                self._inbox.remove(row)  # unless it was written anew meanwhile
            if len(found) == most:
                break
        return found

    def _try_advance(self, question: Advance) -> tuple[Entry, ...]:
        dossier = self.read(question.request_id)
        first = self._missing_request(dossier)
        due = advance(dossier.state, question.now)
        if not first and not due:
            return dossier.log.entries
        return self.logs.append(dossier.log, [*first, *due], at=question.now)

    def _try_note(self, request_id: str, sha256: str, at: datetime) -> tuple[Entry, ...]:
        log = self.logs.read(request_id)
        if any(entry.kind == EntryKind.PUBLISHED for entry in log.entries):
            return log.entries
        published = Published(document_sha256=sha256)
        new = NewEntry(kind=EntryKind.PUBLISHED, payload=published.to_json())
        return self.logs.append(log, [new], at=at)

    def _read_again(self, dossier: Dossier) -> Dossier:
        """Return the request with its log as it is by now; what was asked for never changes."""
        log = self.logs.read(dossier.request_id)
        return replace(dossier, log=log, state=fold(log.entries) or dossier.state)

    def _missing_request(self, dossier: Dossier) -> list[NewEntry]:
        return [] if dossier.log.entries else [self._requested(dossier.stored, dossier.request)]

    def _requested(self, stored: StoredRequest, request: ApprovalRequest) -> NewEntry:
        """Fix who is asked: rules that change later change nothing for this request."""
        own = Ruling(chain=request.chain, calendar=None) if request.chain else None
        ruling = own or self._ruling(request)
        if ruling is None:
            raise ValueError("a request that nobody is asked about was kept")
        facts = Requested(
            kind=request.kind,
            requester=request.requester,
            digest=stored.digest,
            amount=request.amount,
            document=request.document,
            chain=ruling.chain,
            calendar=request.calendar or ruling.calendar,
        )
        return NewEntry(kind=EntryKind.REQUESTED, payload=facts.to_json())

    def _noted(self, request_id: str, at: datetime) -> Row:
        note = Row(
            partition_key=_PENDING,
            row_key=f"{request_id}:{new_id()}",
            fields={"requestId": request_id, "at": instant_text(at)},
        )
        self._pokes.put(note)
        return note

    def _note_waiting(self, request_id: str, state: ApprovalState, fresh: Sequence[Entry]) -> None:
        asked = {one for entry in fresh for one in _asked_by(entry)}
        for address in sorted(asked.intersection(state.undecided)):
            self._inbox.put(
                Row(
                    partition_key=digest_of_address(address),
                    row_key=request_id,
                    fields={"requestId": request_id, "sequence": state.sequence},
                )
            )


def note_is_old(note: Row, *, now: datetime) -> bool:
    """Whether whoever wrote a note is done, or dead."""
    return now - note.instant("at") >= _NOTE_IS_OLD


def missed_pokes(request_id: str, entries: Sequence[Entry]) -> tuple[str, ...]:
    """Name an event per entry of people since the orchestration last wrote: it waits for one.

    Whatever it wrote itself it has seen, and everything before that.
    """
    pokes: list[str] = []
    state: ApprovalState | None = None
    for entry in entries:
        if entry.proof == "system":
            pokes.clear()
        elif state is not None:
            pokes.append(_poke(request_id, state, entry))
        state = follow(state, entry, entry.sequence)
    return tuple(pokes)


def _recorded(entries: tuple[Entry, ...], note: Row) -> Recorded:
    before, state = fold(entries[:-1]), fold(entries)
    if before is None or state is None:
        raise ValueError("a log begins with its request")
    entry = entries[-1]
    return Recorded(
        state=state, entry=entry, pokes=(_poke(note.text("requestId"), before, entry),), note=note
    )


def _poke(request_id: str, before: ApprovalState, entry: Entry) -> str:
    return names.poke(request_id, level=before.level, round_=before.round, sequence=entry.sequence)


def _outcome(
    dossier: Dossier, command: Command, actor: Principal, guard: str | None
) -> NewEntry | RecordedBefore | Refusal:
    outcome = decide(dossier.state, command, actor)
    match outcome:
        case Repeated():
            pokes = missed_pokes(dossier.request_id, dossier.log.entries)
            return RecordedBefore(state=dossier.state, pokes=pokes)
        case _ if guard is not None and guard in dossier.log.guards:
            return LINK_REFUSED
        case _:
            return outcome


def _asked_by(entry: Entry) -> tuple[str, ...]:
    match entry.kind:
        case EntryKind.LEVEL_OPENED:
            return LevelOpened.from_json(entry.payload).approvers
        case EntryKind.DELEGATED | EntryKind.REASSIGNED:
            return (HandedOver.from_json(entry.payload).to,)
        case _:
            return ()
