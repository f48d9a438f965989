"""The decisions about decisions: which one counts, and what operators are told.

Pure: nothing here stores, mails or waits.
"""

from dataclasses import dataclass
from typing import Literal

from shared.attention import Alert, Trouble
from workflows.attention.models import AskedRound, DecisionRequest, Letter, RoundState


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a decision does not count; ``not_open`` is about the step, the others about the round."""

    code: Literal["nothing_open", "decided", "not_open"]
    detail: str


def refusal(asked: AskedRound | None, request: DecisionRequest) -> Refusal | None:
    """Say why a decision about the newest round does not count; None when it counts or did.

    The same decision again is no conflict: whoever sends it twice is told the same twice.
    """
    if asked is None or asked.state is RoundState.ENDED:
        return Refusal(
            code="nothing_open", detail="nobody is asked for a decision on this workflow"
        )
    if request.round not in {None, asked.round}:
        return Refusal(
            code="nothing_open",
            detail=f"round {asked.round} is the newest, not round {request.round}",
        )
    if asked.state is RoundState.DECIDED:
        same = (asked.decision, asked.reason) == (request.decision, request.reason)
        return None if same else Refusal(code="decided", detail="this round has been decided")
    open_steps = [step.step for step in asked.open]
    if request.step is not None and request.step not in open_steps:
        return Refusal(code="not_open", detail="open are: " + ", ".join(open_steps))
    return None


_WHAT_IS_WRONG = {
    Trouble.COMPENSATION: "These steps could not be undone:",
    Trouble.FORWARD_RECOVERY: "These steps must succeed, for there is no way back, and do not:",
}


def letter(alert: Alert, *, path: str) -> Letter:
    """Write what operators are told; no personal data, and no address that a key would open.

    Args:
        alert: What the orchestration asks.
        path: Where the instance is shown.
    """
    subject = f"{alert.instance_id} needs attention"
    if alert.reminder:
        subject += f" (reminder {alert.reminder})"
    lines = [
        f"{alert.workflow} cannot go on by itself. It waits for a decision.",
        "",
        _WHAT_IS_WRONG[alert.trouble],
        *(f"- {step.step}: {step.error}, {step.attempts} attempts" for step in alert.open),
        "",
        "Undone so far: " + (", ".join(alert.undone) or "nothing"),
        "",
        f"See {path} and decide with",
        f"POST {path}/attention",
        f'{{"action": "retry", "skip" or "accept", "reason": "...", "round": {alert.round}}}',
    ]
    return Letter(subject=subject, text="\n".join(lines))
