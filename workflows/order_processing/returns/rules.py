"""Which orders may be sent back, and until when; pure."""

from datetime import datetime, timedelta
from typing import Final

from shared.durable import InstanceView
from shared.errors import RefusedError
from workflows.order_processing.outcomes import may_be_returned
from workflows.order_processing.transitions import is_before_shipping
from workflows.order_processing.views import delivered_at, status_of

RETURN_PREFIX: Final = "return-"


def refuse_what_may_not_return(order: InstanceView, *, now: datetime, window: timedelta) -> None:
    """Let an order pass that its customer has, or should have, and has not had for too long.

    Raises:
        RefusedError: Which rule it is against.
    """
    status = status_of(order)
    if is_before_shipping(status):
        raise RefusedError("not_shipped_yet", "it has not been shipped: cancel it instead")
    if not may_be_returned(status):
        raise RefusedError(
            "nothing_to_return", "it was undone or refunded, or somebody is looking at it"
        )
    since = delivered_at(order)
    if since is not None and now - since > window:
        raise RefusedError("return_window_over", f"it arrived more than {window.days} days ago")


def may_return(order: InstanceView, *, now: datetime, window: timedelta) -> bool:
    """Tell whether an order may be sent back now, if nobody has said so yet."""
    try:
        refuse_what_may_not_return(order, now=now, window=window)
    except RefusedError:
        return False
    return True
