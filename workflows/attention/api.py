"""What the HTTP functions of this domain take and answer, for the API's description."""

from typing import Final

from shared.attention import Decision
from shared.descriptions import Answer, Operation
from shared.models import WireModel
from workflows.attention.models import DecisionRequest, OpenRound


class DecisionTaken(WireModel):
    """The decision is kept, and the instance told."""

    instance_id: str
    round: int
    decision: Decision
    links: dict[str, str]


class OpenRounds(WireModel):
    """Every round that waits for a decision, the oldest first."""

    items: tuple[OpenRound, ...]


DECIDE: Final = Operation(
    tag="Attention",
    request=DecisionRequest,
    example={"action": "retry", "reason": "the provider is back"},
    answers={
        202: Answer(
            description="It is decided, by this or by the same decision before.",
            model=DecisionTaken,
            headers=("Location", "Retry-After"),
        )
    },
    refuses=("attention_not_open", "attention_decided", "provider_unavailable"),
    repeats="the same decision counts once; another one, once decided, is a conflict.",
)
LIST_OPEN: Final = Operation(
    tag="Attention",
    answers={200: Answer(description="What waits for operators.", model=OpenRounds)},
)
