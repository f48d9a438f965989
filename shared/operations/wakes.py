"""The events that operators may raise by hand: they wake a workflow that should have been woken.

They carry nothing. Whoever is woken looks in storage for what they say is there, and waits on when
it is not: a lost event costs an operator's click instead of hours until the next reminder.
"""

from collections.abc import Mapping
from typing import Final

from shared.attention import decision_event
from shared.models import EdgeModel

_ROUNDS: Final = 20


class Wake(EdgeModel):
    """The data of an event that carries nothing."""


DECISION_WAKES: Final[Mapping[str, type[EdgeModel]]] = {
    decision_event(round_): Wake for round_ in range(1, _ROUNDS + 1)
}
"""An operator's decision of a round is there; for workflows that ask operators."""
