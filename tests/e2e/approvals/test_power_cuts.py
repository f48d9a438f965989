"""The host is killed in the middle of many approvals, again and again: nothing lost or doubled.

Approvers go on deciding while the host is away, as people would: the same decision until it is
taken. When the kills happen is random, and the same in every run of the test.
"""

import http.client
import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.support.approvals import BOSS, FIRST, REQUESTER, SECOND, a_level, a_request
from tests.support.funchost import Answer, until
from tests.support.signatures import END_PATIENCE_S, Office

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SEED = 20_261_125
REQUESTS = 12
PEOPLE = 4


def insist(call: Callable[[], Answer], *, until_status: frozenset[int]) -> Answer:
    """Call until the host is there and gives one of the answers."""

    def answered() -> Answer | None:
        try:
            answer = call()
        except (OSError, http.client.HTTPException):
            return None
        return answer if answer.status in until_status else None

    found = until(answered, patience_s=END_PATIENCE_S, what="an answer", pause_s=0.1)
    assert found is not None
    return found


def story(office: Office, number: int) -> str:
    """Ask, decide twice at level 1 and once at level 2, insisting on every answer."""
    request = f"P{number:02}"
    chain = (a_level(FIRST, SECOND, policy="all"), a_level(BOSS))
    body = a_request(*chain, request_id=request)
    requester = str(body["requester"])
    insist(lambda: office.post(requester, "", body), until_status=frozenset({200, 202}))
    taken = frozenset({200})
    insist(lambda: office.decide(FIRST, request, comment="one"), until_status=taken)
    insist(lambda: office.decide(SECOND, request, comment="two"), until_status=taken)
    last = "approve" if number % 3 else "reject"
    insist(lambda: office.decide(BOSS, request, last, level=2), until_status=taken)
    return "approved" if number % 3 else "rejected"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kills", [3, pytest.param(25, marks=pytest.mark.long)])
def test_approvals_outlive_the_hosts_power_cuts(office: Office, kills: int) -> None:
    moments = random.Random(SEED)  # noqa: S311 - moments, not secrets
    with ThreadPoolExecutor(PEOPLE) as pool:
        numbers = range(kills * 100, kills * 100 + max(REQUESTS, 2 * kills))
        told: dict[int, Future[str]] = {
            number: pool.submit(story, office, number) for number in numbers
        }
        for _ in range(kills):
            time.sleep(moments.uniform(0.3, 1.5))
            office.host.kill()
            office.host.restart()
        expected = {number: future.result() for number, future in told.items()}

    for number, end in expected.items():
        request = f"P{number:02}"
        assert office.ended(request)["status"] == end
        kinds = Counter(entry.kind for entry in office.entries(request))
        assert kinds == {
            "requested": 1,
            "level_opened": 2,
            "decided": 3,
            "closed": 1,
        }
        keys = Counter(message.key for message in office.mails(request))
        assert set(keys.values()) == {1}
        # Whoever has decided before they could be written to gets no mail.
        assert {message.recipient for message in office.mails(request)} >= {REQUESTER}
