"""What following a parcel is called where an instance is explained."""

from typing import Final

from shared import retry
from shared.operations.explaining.words import Words
from workflows.delivery_tracking import names
from workflows.delivery_tracking.journey import ENDS

WORDS: Final = Words(
    prefixes=("delivery_tracking_",),
    attempts={
        names.CHECK_SHIPMENT: retry.TRANSIENT.backoff.attempts,
        names.NOTIFY_CUSTOMER: retry.BEST_EFFORT.backoff.attempts,
        names.OPEN_INQUIRY: retry.TRANSIENT.backoff.attempts,
        names.OPEN_CLAIM: retry.PERSISTENT.backoff.attempts,
    },
    timers={"": "the next look at the carrier"},
    ends=frozenset(ENDS),
    silence="heardAt",
)
