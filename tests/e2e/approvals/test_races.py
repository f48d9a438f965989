"""Fifty decisions on one level at the same moment, over HTTP: one counts, the others are told."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.support.approvals import a_level, a_request
from tests.support.funchost import Answer
from tests.support.signatures import Office, code_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

CROWD = 50


def at_once(office: Office, request: str, approvers: list[str], choices: list[str]) -> list[Answer]:
    gate = Barrier(len(approvers))

    def decide(number: int) -> Answer:
        gate.wait(30)
        return office.decide(approvers[number], request, choices[number])

    with ThreadPoolExecutor(len(approvers)) as crowd:
        return list(crowd.map(decide, range(len(approvers))))


def test_of_fifty_decisions_at_once_one_is_recorded_and_the_others_are_told(
    office: Office,
) -> None:
    approvers = [f"a{number}@example.com" for number in range(CROWD)]
    request = office.submit(a_request(a_level(*approvers), request_id="crowd"))
    choices = [("approve", "reject")[number % 2] for number in range(CROWD)]

    answers = at_once(office, request, approvers, choices)

    told = Counter((answer.status, code_of(answer)) for answer in answers)
    assert told == {(200, "recorded"): 1, (409, "already-decided"): CROWD - 1}
    (winner,) = [number for number, answer in enumerate(answers) if answer.status == 200]
    ends = {"approve": "approved", "reject": "rejected"}
    assert office.ended(request)["status"] == ends[choices[winner]]
    decided = [entry for entry in office.entries(request) if entry.kind == "decided"]
    assert [entry.actor for entry in decided] == [approvers[winner]]


def test_fifty_approvers_who_all_have_to_agree_all_count(office: Office) -> None:
    approvers = [f"b{number}@example.com" for number in range(CROWD)]
    body = a_request(a_level(*approvers, policy="all"), request_id="everybody")
    request = office.submit(body)

    answers = at_once(office, request, approvers, ["approve"] * CROWD)

    assert Counter(answer.status for answer in answers) == {200: CROWD}
    assert office.ended(request)["status"] == "approved"
    decided = [entry.actor for entry in office.entries(request) if entry.kind == "decided"]
    assert sorted(decided) == sorted(approvers)


def test_the_same_click_fifty_times_is_one_decision(office: Office) -> None:
    request = office.submit(a_request(a_level("c@example.com"), request_id="clicks"))

    answers = at_once(office, request, ["c@example.com"] * CROWD, ["approve"] * CROWD)

    told = Counter((answer.status, code_of(answer)) for answer in answers)
    assert told == {(200, "recorded"): 1, (200, "repeated"): CROWD - 1}
    assert office.ended(request)["entries"] == 4
