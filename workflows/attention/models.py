"""What crosses a boundary of this domain: the operators' decision, and what they see.

What orchestrations and activities say to each other is in shared.attention.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime

from shared.attention import Action, Decision, OpenStep, Round, Trouble
from shared.fields import matching
from shared.models import EdgeModel, WireModel
from shared.personal import PlainText

StepName = Annotated[
    str, matching(r"[a-z][a-z0-9_]{0,63}", "1 to 64 of a-z, 0-9 and _, beginning with a letter")
]


class DecisionRequest(EdgeModel):
    """The body of ``POST /api/workflows/{instanceId}/attention``.

    Without ``step`` it is about every open step; without ``round`` about the round that is open.
    """

    action: Action
    reason: PlainText
    step: StepName | None = None
    round: Round | None = None

    @property
    def decision(self) -> Decision:
        """What the orchestration may know of it: not who, not why."""
        return Decision(action=self.action, step=self.step)


class RoundState(StrEnum):
    """Where a round stands."""

    OPEN = "open"
    DECIDED = "decided"
    ENDED = "ended"  # the instance was ended by other means before anybody decided


class AskedRound(WireModel):
    """One round in which operators are asked, as it is kept.

    ``actor`` and ``reason`` say who decided and why; they are shown to operators alone.
    """

    instance_id: str
    workflow: str
    round: Round
    state: RoundState
    trouble: Trouble
    open: tuple[OpenStep, ...]
    undone: tuple[str, ...]
    opened_at: AwareDatetime
    reminders: int
    decision: Decision | None = None
    reason: str | None = None
    actor: str | None = None
    decided_at: AwareDatetime | None = None

    def decided(self, request: DecisionRequest, *, actor: str, at: datetime) -> "AskedRound":
        """Return the round as it is once this was decided."""
        return self.model_copy(
            update={
                "state": RoundState.DECIDED,
                "decision": request.decision,
                "reason": request.reason,
                "actor": actor,
                "decided_at": at,
            }
        )


class OpenRound(WireModel):
    """One line of ``GET /api/attention``."""

    instance_id: str
    workflow: str
    round: Round
    trouble: Trouble
    open: tuple[OpenStep, ...]
    undone: tuple[str, ...]
    opened_at: AwareDatetime
    reminders: int
    links: dict[str, str]


class Letter(WireModel):
    """What is written to operators, in plain text."""

    subject: str
    text: str
