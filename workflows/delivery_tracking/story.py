"""What one run of a parcel's story knows, and how it asks activities and waits.

Deterministic: every replay rebuilds it from the same answers. The plot is in orchestrator.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import azure.durable_functions as df
from azure.durable_functions.models import TaskBase

from shared import retry
from shared.attempts import GaveUp, Patience, attempted, paused
from shared.durable import Orchestration, StoryLogger
from shared.models import WireModel
from shared.retry import BackoffRetryOptions
from workflows.delivery_tracking import names
from workflows.delivery_tracking.letters import worth_telling
from workflows.delivery_tracking.models import TrackDelivery, TrackingState
from workflows.delivery_tracking.questions import (
    Asked,
    CheckShipment,
    NotifyCustomer,
    OpenClaim,
    OpenInquiry,
    Reading,
    Trouble,
)
from workflows.delivery_tracking.transitions import pause

_EVENT: Final = "scan"


@dataclass(slots=True, kw_only=True)
class Story:
    """One parcel, as far as it is known; rebuilt by every replay."""

    context: df.DurableOrchestrationContext
    parcel: TrackDelivery
    log: StoryLogger
    state: TrackingState
    reading: Reading | None = None
    _notice: TaskBase = field(init=False)

    def __post_init__(self) -> None:
        self._notice = self._listen()

    @property
    def now(self) -> datetime:
        """The same instant at the same place of every replay."""
        return self.context.current_utc_datetime

    def show(self) -> None:
        """Tell whoever looks at the instance where the parcel is, and which notice it hears."""
        state = self.state
        shown: dict[str, Any] = {
            "orderId": self.parcel.order_id,
            "shipmentId": self.parcel.shipment_id,
            "trackingNumber": self.parcel.tracking_number,
            "status": state.status,
            "listensFor": self._event,
        }
        if state.heard_at is not None:
            shown["heardAt"] = state.heard_at.isoformat()
        if state.attempts:
            shown["attempts"] = state.attempts
        if state.is_late:
            shown["late"] = True
        if state.is_silent:
            shown["trouble"] = Trouble.SILENT
        self.context.set_custom_status(shown)

    def look(self) -> Orchestration[Reading | None]:
        """Ask what is known by now; no answer is no news."""
        question = CheckShipment(shipment_id=self.parcel.shipment_id, as_of=self.now)
        found = yield from self._ask(names.CHECK_SHIPMENT, question, retry.TRANSIENT)
        if isinstance(found, GaveUp):
            self.log.warning("it is not known how things stand: %s", found.error)
            return None
        reading = Reading.from_json(found)
        if not reading.answered:
            self.log.warning("the carrier does not answer; what it told before is known")
        return reading

    def tell(self, trouble: Trouble | None = None) -> Orchestration[None]:
        """Write to the customer; a letter that cannot be sent changes nothing else."""
        if self.parcel.quiet or not worth_telling(trouble or self.state.status):
            return
        question = NotifyCustomer(
            order_id=self.parcel.order_id,
            requests_table=self.parcel.requests_table,
            key=f"{self.context.instance_id}:notify:{self._occurrence(trouble)}",
            status=self.state.status,
            trouble=trouble,
            attempts=self.state.attempts,
            tracking_number=self.parcel.tracking_number,
            at=self.now,
        )
        found = yield from self._ask(names.NOTIFY_CUSTOMER, question, retry.BEST_EFFORT)
        if isinstance(found, GaveUp):
            self.log.warning("the customer was not told: %s", found.error)

    def inquire(self) -> Orchestration[None]:
        """Ask the carrier to look for the parcel; without an answer the next look asks again."""
        question = OpenInquiry(
            shipment_id=self.parcel.shipment_id, number=self.state.inquiries, at=self.now
        )
        found = yield from self._ask(names.OPEN_INQUIRY, question, retry.TRANSIENT)
        if isinstance(found, GaveUp):
            self.log.warning("no inquiry was opened: %s", found.error)
            return
        if not Asked.from_json(found).taken:
            self.log.error("the carrier refuses to look for the parcel")
        self.state = self.state.model_copy(update={"is_inquired": True})

    def claim(self) -> Orchestration[bool]:
        """Ask the carrier to pay for the parcel; False when it is left to operators."""
        question = OpenClaim(shipment_id=self.parcel.shipment_id, at=self.now)
        found = yield from self._ask(names.OPEN_CLAIM, question, retry.PERSISTENT)
        error = found.error if isinstance(found, GaveUp) else None
        if error is None and Asked.from_json(found).taken:
            return True
        self.log.error("the carrier was not made to pay: %s", error or "refused")
        return False

    def wait(self) -> Orchestration[None]:
        """Let time pass until the next look, or until a notice tells of a scan."""
        wake_at = self.now + pause(self.state, self.reading, self.parcel, self.now)
        yield from paused(self.context, wake_at, None, wake=self._notice)
        if self._notice.is_completed:
            # Each notice has a name of its own: one event would serve two waits for one name.
            self.state = self.state.model_copy(update={"notices": self.state.notices + 1})
            self._notice = self._listen()

    @property
    def _event(self) -> str:
        return f"{_EVENT}:{self.state.notices}"

    def _listen(self) -> TaskBase:
        return self.context.wait_for_external_event(self._event)

    def _occurrence(self, trouble: Trouble | None) -> str:
        """Name what a letter is about, so that there is one for each and no second one."""
        match trouble:
            case Trouble.LATE:
                return trouble
            case Trouble.SILENT:
                return f"{self.state.inquiries}:{trouble}"
            case None:
                moved_at = self.state.moved_at or self.state.until
                return f"{moved_at:%Y%m%dT%H%M%S.%f}:{self.state.status}"

    def _ask(
        self, activity: str, question: WireModel, policy: BackoffRetryOptions
    ) -> Orchestration[Any | GaveUp]:
        outcome = yield from attempted(
            self.context, activity, question.to_json(), patience=Patience(backoff=policy.backoff)
        )
        return outcome if isinstance(outcome, GaveUp) else outcome.value
