"""Nothing about people or content is in history, status, log or addresses."""

import json
import re

import pytest

from tests.support.approvals import a_level, a_request
from tests.support.signatures import Office

pytestmark = pytest.mark.e2e

PEOPLE = [f"canary-{role}@example.com" for role in ("requester", "first", "second", "boss", "sub")]
REQUESTER, FIRST, SECOND, BOSS, SUBSTITUTE = PEOPLE
WORDS = ["Canary-title", "canary-description", "canary-comment", "canary-resubmit", "314159265"]


def test_only_ids_numbers_instants_and_statuses_leave_the_log(office: Office) -> None:
    body = a_request(
        a_level(FIRST, timeoutS=60, remindAt=[0.01], escalateTo=[SECOND]),
        a_level(BOSS),
        request_id="private",
        requester=REQUESTER,
        title="Canary-title",
        description="canary-description",
        amount={"minor": 314159265, "currency": "EUR"},
    )
    request = office.submit(body)
    office.decide(FIRST, request, "request_changes", comment="canary-comment")
    office.act(REQUESTER, request, "resubmit", {"comment": "canary-resubmit"})
    office.until_level(request, 1, round_=2)
    office.act(FIRST, request, "delegate", {"to": SUBSTITUTE})
    office.decide("canary-stranger@example.com", request)
    office.decide(SUBSTITUTE, request, comment="canary-comment")
    office.until_level(request, 2)
    office.decide(BOSS, request, level=2)
    office.ended(request)

    shown = office.workflow(request, history=True)
    instance = office.host.request(
        "GET",
        "/runtime/webhooks/durabletask/instances/approval-private"
        "?showHistory=true&showHistoryOutput=true&showInput=true",
    ).json
    log = office.host.log.read_text("utf-8")

    told = json.dumps([shown, instance]).lower() + log.lower()
    assert "approval-private" in told
    assert "level_opened" in told
    secrets = [*(address.partition("@")[0] for address in PEOPLE), *map(str.lower, WORDS)]
    assert [word for word in [*secrets, "canary"] if word in told] == []
    assert "example.com" not in told
    texts = "".join(message.text for message in office.mails(request))
    links = re.findall(r"links/(v1\.\S+)", texts)
    assert links
    assert [link for link in links if link.lower() in told] == []


def test_the_log_in_storage_is_where_it_all_is(office: Office) -> None:
    request = office.submit(a_request(a_level(FIRST), request_id="kept", requester=REQUESTER))
    office.decide(FIRST, request, comment="canary-comment")
    office.ended(request)

    entries = office.entries(request)

    assert entries[2].actor == FIRST
    assert entries[2].payload["comment"] == "canary-comment"
    assert entries[2].proof == "development"
