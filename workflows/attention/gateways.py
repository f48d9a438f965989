"""The board on which rounds are kept, and the mail room: what this domain needs of the outside.

One row per round; whoever replaces it first under its etag has decided. Every call may raise
``StorageUnavailableError``; then repeat it.
"""

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from shared.attention import Alert, Decision
from shared.post import Post
from shared.settings import current_settings
from shared.storage import Row, Table, key_text, open_storage
from workflows.attention import names
from workflows.attention.models import AskedRound, DecisionRequest, RoundState
from workflows.attention.transitions import Refusal, refusal

_FIRST_KEY, _END_OF_KEYS = "round:", "round;"


class Mail(Protocol):
    """Who writes to operators."""

    def put(self, key: str, *, recipient: str, subject: str, text: str, at: datetime) -> object:
        """Send a message once per key."""
        ...


class Board:
    """Which orchestrations ask operators, and what was decided.

    Args:
        table: Rows by instance and round.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def ask(self, alert: Alert) -> AskedRound:
        """Open a first alert's round, or count a reminder; the same alert again changes nothing."""
        return self._table.until_written(partial(self._try_ask, alert))

    def decide(
        self, instance_id: str, request: DecisionRequest, *, actor: str, at: datetime
    ) -> AskedRound | Refusal:
        """Take a decision about the newest round; of several at the same moment, one."""
        return self._table.until_written(
            partial(self._try_decide, instance_id, request, actor=actor, at=at)
        )

    def close(self, instance_id: str) -> None:
        """Take note that the instance has ended: an open round of it stays undecided."""
        self._table.until_written(partial(self._try_close, instance_id))

    def decision(self, instance_id: str, round_: int) -> Decision | None:
        """Return what was decided in a round."""
        row = self._table.read(key_text(instance_id), _row_key(round_))
        return _asked(row).decision if row else None

    def open_rounds(self) -> Sequence[AskedRound]:
        """Return every open round, the oldest first."""
        rows = self._table.rows("state eq @open", open=RoundState.OPEN.value)
        return sorted(map(_asked, rows), key=lambda asked: (asked.opened_at, asked.instance_id))

    def _try_ask(self, alert: Alert) -> AskedRound:
        row = self._table.read(key_text(alert.instance_id), _row_key(alert.round))
        if row is None:
            row = Row(partition_key=key_text(alert.instance_id), row_key=_row_key(alert.round))
            asked = _opened(alert)
        else:
            asked = _asked(row)
            if asked.state is not RoundState.OPEN or asked.reminders >= alert.reminder:
                return asked
            asked = asked.model_copy(update={"reminders": alert.reminder})
        self._table.write_or_retry(_written(row, asked))
        return asked

    def _try_decide(
        self, instance_id: str, request: DecisionRequest, *, actor: str, at: datetime
    ) -> AskedRound | Refusal:
        row = self._newest(instance_id)
        asked = _asked(row) if row else None
        refused = refusal(asked, request)
        if refused is not None or row is None or asked is None:
            return refused or Refusal(code="nothing_open", detail="nothing is open")
        if asked.state is RoundState.OPEN:
            asked = asked.decided(request, actor=actor, at=at)
            self._table.write_or_retry(_written(row, asked))
        return asked

    def _try_close(self, instance_id: str) -> None:
        row = self._newest(instance_id)
        if row and (asked := _asked(row)).state is RoundState.OPEN:
            ended = asked.model_copy(update={"state": RoundState.ENDED})
            self._table.write_or_retry(_written(row, ended))

    def _newest(self, instance_id: str) -> Row | None:
        rows = self._table.between(key_text(instance_id), _FIRST_KEY, _END_OF_KEYS)
        return max(rows, key=lambda row: row.row_key, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything outside that this domain touches."""

    board: Board
    mail: Mail
    recipient: str


@functools.cache
def outside() -> Outside:
    """Connect to the outside, once per process.

    Raises:
        StorageUnavailableError: The next call tries again.
    """
    settings = current_settings()
    storage = open_storage(settings.storage, prefix=settings.data_prefix)
    return Outside(
        board=Board(storage.table(names.ROUNDS_TABLE)),
        mail=Post.open(settings, storage),
        recipient=settings.operators_mail,
    )


def _row_key(round_: int) -> str:
    return f"{_FIRST_KEY}{round_:06}"


def _opened(alert: Alert) -> AskedRound:
    return AskedRound(
        instance_id=alert.instance_id,
        workflow=alert.workflow,
        round=alert.round,
        state=RoundState.OPEN,
        trouble=alert.trouble,
        open=alert.open,
        undone=alert.undone,
        opened_at=alert.at,
        reminders=alert.reminder,
    )


def _asked(row: Row) -> AskedRound:
    return AskedRound.from_json(json.loads(row.text("document")))


def _written(row: Row, asked: AskedRound) -> Row:
    return row.changed(state=asked.state.value, document=json.dumps(asked.to_json()))
