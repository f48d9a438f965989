"""What the HTTP function of this domain takes and answers, for the API's description."""

from typing import Final

from shared.descriptions import Answer, Operation
from workflows.delivery_tracking.models import ShipmentScanned

CARRIER_NOTICE: Final = Operation(
    tag="Webhooks",
    request=ShipmentScanned,
    answers={204: Answer(description="It is taken.", media_types=())},
    refuses=("notice_refused",),
    repeats="a scan is kept once, by its parcel and `scanId`.",
)
