"""The aggregator pattern on the real host: signals, calls, state, deletion."""

import pytest

from tests.e2e.host.app_host import AppHost
from tests.support.funchost import until

pytestmark = pytest.mark.e2e


def signal(counters: AppHost, key: str, operation: str, amount: int | None = None) -> None:
    body = None if amount is None else str(amount)
    assert counters.call("POST", f"/api/counters/{key}/{operation}", body).status == 202


def holds(counters: AppHost, key: str, amount: int) -> None:
    until(
        lambda: counters.request("GET", f"/api/counters/{key}").body == str(amount).encode(),
        patience_s=60,
        what=f"{key} holds {amount}",
    )


def is_gone(counters: AppHost, key: str) -> None:
    until(
        lambda: counters.request("GET", f"/api/counters/{key}").status == 404,
        patience_s=60,
        what=f"{key} is gone",
    )


def test_every_signal_counts_once(counters: AppHost) -> None:
    for amount in range(1, 31):
        signal(counters, "many", "add", amount)

    holds(counters, "many", sum(range(1, 31)))


def test_a_counter_that_was_never_asked_is_not_there(counters: AppHost) -> None:
    assert counters.request("GET", "/api/counters/never").status == 404


def test_an_operation_that_fails_leaves_the_state_and_the_next_one_succeeds(
    counters: AppHost,
) -> None:
    signal(counters, "steady", "add", 5)
    signal(counters, "steady", "nonsense")
    signal(counters, "steady", "add", -6)
    signal(counters, "steady", "add", 2)

    holds(counters, "steady", 7)


def test_an_orchestration_calls_one_counter_and_signals_another(counters: AppHost) -> None:
    signal(counters, "source", "add", 10)
    holds(counters, "source", 10)

    asked = {"from": "source", "to": "target", "amount": 4}
    assert counters.output("transfer", asked) == [6, 4]
    assert counters.output("transfer", {**asked, "amount": 7}) == ["refused", True]
    holds(counters, "source", 6)
    holds(counters, "target", 4)


def test_a_deleted_counter_is_gone_and_can_begin_again(counters: AppHost) -> None:
    signal(counters, "brief", "add", 3)
    holds(counters, "brief", 3)

    assert counters.output("close", "brief") == 3
    is_gone(counters, "brief")
    signal(counters, "brief", "add", 1)
    holds(counters, "brief", 1)
    signal(counters, "brief", "delete")
    is_gone(counters, "brief")


def test_counters_are_listed_apart_from_orchestrations(counters: AppHost) -> None:
    signal(counters, "listed", "add", 1)
    holds(counters, "listed", 1)
    counters.output("close", "nothing")

    entities = counters.request("GET", "/runtime/webhooks/durabletask/entities/counter").json

    assert "listed" in {entity["entityId"]["key"] for entity in entities}
    assert not any(instance_id.startswith("@") for instance_id in counters.instances())
