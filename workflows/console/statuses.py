"""What statuses and types are called on the pages, and how they look; pure.

A status is never told by its colour alone: every look has its word.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import azure.durable_functions as df

from shared.durable import InstanceView
from shared.operations.filters import business_status
from shared.pages.words import of_code

_Status = df.OrchestrationRuntimeStatus

NEEDS_ATTENTION: Final = "needs_attention"

# The runtime's word -> how it looks, and what people read.
_LOOKS: Final[Mapping[_Status, tuple[str, str]]] = MappingProxyType(
    {
        _Status.Running: ("running", "Running"),
        _Status.ContinuedAsNew: ("running", "Running"),
        _Status.Pending: ("pending", "Pending"),
        _Status.Suspended: ("suspended", "Suspended"),
        _Status.Completed: ("completed", "Completed"),
        _Status.Failed: ("failed", "Failed"),
        _Status.Terminated: ("terminated", "Terminated"),
        _Status.Canceled: ("canceled", "Canceled"),
    }
)
CHOICES: Final = tuple((status.value, text) for status, (_, text) in _LOOKS.items())


def look_of(view: InstanceView) -> tuple[str, str]:
    """Return how an instance's status looks, and its word."""
    if view.runtime_status is _Status.Running and business_status(view) == NEEDS_ATTENTION:
        return "attention", "Needs attention"
    return _LOOKS[view.runtime_status]


def outcome_of(view: InstanceView) -> str:
    """Return what the domain calls the state, unless the status says the same."""
    found = business_status(view)
    kind, text = look_of(view)
    said = of_code(found or "")
    return "" if kind == "attention" or said.lower() == text.lower() else said
