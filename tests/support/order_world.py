"""One order's world: the real activities of an order over an outside in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import pytest

from shared import attention
from shared.cancellation import CLOSE_CANCELLATION
from shared.errors import ProviderUnavailableError
from shared.stored_requests import StoredRequests
from tests.support.builders import an_order_request, the_order_for
from tests.support.functions import activities_in
from tests.support.memory_table import MemoryTable
from tests.support.outside import MemoryOutside
from tests.support.playing import T0, Call, Run, at_once, play
from workflows.order_processing import activities, names
from workflows.order_processing.amendments import Amendments
from workflows.order_processing.orchestrator import process_order

UNDOING: Final = (names.CANCEL_SHIPMENT, names.VOID_PAYMENT, names.RELEASE_STOCK)
_ACTIVITIES: Final = activities_in(activities.blueprint)


@dataclass
class World:
    """One order's world: activities run for real, some lose their answer or never happen."""

    monkeypatch: pytest.MonkeyPatch
    outside: MemoryOutside = field(default_factory=MemoryOutside)
    down: set[str] = field(default_factory=set[str])
    loses_answer: set[str] = field(default_factory=set[str])
    delivery: str = "delivered"
    missing: bool = False  # the kept request
    # What operators say, round after round; an alert makes well what is named in heals.
    decisions: list[dict[str, str]] = field(default_factory=lambda: [{"action": "accept"}])
    heals: set[str] = field(default_factory=set[str])
    alerts: list[Any] = field(default_factory=list[Any])
    raised: dict[str, timedelta] = field(default_factory=dict[str, timedelta])
    is_cancelled: bool = False  # as storage has it
    amendments: Amendments = field(default_factory=lambda: Amendments(MemoryTable()))  # type: ignore[arg-type] # the part that is used
    takes: Callable[[Call], timedelta] = at_once

    def run(self, **request: Any) -> Run:
        body = an_order_request(**request)
        self.monkeypatch.setattr(activities, "outside", self.outside.ports)
        self.monkeypatch.setattr(activities, "kept_requests", self.kept)
        self.monkeypatch.setattr(activities, "open_amendments", lambda: self.amendments)
        self.outside.requests.keep(
            "other" if self.missing else body["orderId"],
            body=body,
            contact=body["customer"]["email"],
            now=T0,
        )
        return play(
            process_order,
            the_order_for(body),
            self.answer,
            events=self.raised,
            takes=self.takes,
        )

    def kept(self, table: str) -> StoredRequests:
        assert table == names.REQUESTS_TABLE
        return self.outside.requests

    def answer(self, call: Call) -> Any:
        if call.name == attention.RAISE_ALERT:
            self.alerts.append(call.input)
            self.down -= self.heals
            return None
        if call.name == attention.FIND_DECISION:
            said = dict(enumerate(self.decisions, start=1)).get(call.input["round"])
            return {"decision": said} if said else {}
        if call.name in self.down:
            raise ProviderUnavailableError("down")
        if call.name == CLOSE_CANCELLATION:
            return {"cancelled": self.is_cancelled}
        if call.kind == "sub_orchestration":
            return {"status": self.delivery}
        result = _ACTIVITIES[call.name](call.input)
        if call.name in self.loses_answer:
            raise ProviderUnavailableError("the answer is lost")
        return result

    def told(self) -> list[str]:
        return [key.partition(":notify:")[2] for key in self.outside.mail.messages]
