"""What people do with `wfctl`, done to the real app: start, look, decide, act, operate."""

import json

import pytest

from tests.e2e.cli.conftest import Desk
from tests.support.approvals import FIRST, REQUESTER, a_request
from tests.support.funchost import until
from tests.support.orders import END_PATIENCE_S, order
from tests.support.suppliers import PriceList

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

WAITING = "tok_sandbox_pending_forever"
DECLINED = "tok_sandbox_declined"


def _order(order_id: str, token: str = "tok_sandbox_approved") -> str:  # noqa: S107 - no secret
    return json.dumps(order(order_id, token=token))


def _waiting(desk: Desk, order_id: str) -> None:
    """Start an order that goes on waiting for its payment, and see it wait."""

    def waits() -> bool:
        ran = desk.run("show", f"order-{order_id}", "--json")
        return bool(ran.documents[0]["businessStatus"] == "awaiting_payment")

    assert desk.run("start", "order", "-", stdin=_order(order_id, WAITING)).code == 0
    until(waits, patience_s=END_PATIENCE_S, what=f"order {order_id} waits")


def test_an_order_is_started_from_stdin_and_followed_to_its_end(desk: Desk) -> None:
    ran = desk.started("start", "order", "-", "--watch", "--utc", stdin=_order("piped"))

    lines = ran.out.splitlines()
    assert ran.code == 0, ran
    assert lines[0] == "orderId piped: order-piped"
    assert "order-piped" in lines[1]
    assert any("Completed delivered" in line for line in lines)
    again = desk.started("start", "order", "-", "--json", stdin=_order("piped"))
    assert (again.code, again.documents[0]["instanceId"]) == (0, "order-piped")


def test_a_failure_is_the_exit_code_of_a_watch(desk: Desk) -> None:
    ran = desk.started("start", "order", "-", stdin=_order("declined", DECLINED))
    assert ran.code == 0, ran

    ran = desk.started("watch", "order-declined", "--exit-status", "--json")

    assert ran.code == 1
    assert ran.documents[-1]["businessStatus"] == "payment_declined"


def test_a_watch_that_is_interrupted_says_so_with_its_exit_code(desk: Desk) -> None:
    _waiting(desk, "interrupted")

    assert desk.interrupted("watch", "order-interrupted") == 130


def test_another_request_under_a_known_id_is_refused_with_its_reason(desk: Desk) -> None:
    assert desk.run("start", "order", "-", stdin=_order("taken", WAITING)).code == 0

    ran = desk.run("start", "order", "-", stdin=_order("taken", DECLINED))

    assert ran.code == 3
    assert "The id is taken by another request" in ran.err


def test_wrong_fields_of_a_request_are_named(desk: Desk) -> None:
    ran = desk.run("start", "order", "-", "--id", "wrong", stdin='{"currency": "EURO"}')

    assert ran.code == 3
    assert "  /currency: " in ran.err
    assert "  /items: " in ran.err


def test_every_page_of_a_list_shows_each_instance_once(desk: Desk) -> None:
    ids = {f"order-paged-{number}" for number in range(5)}
    for name in ids:
        desk.run("start", "order", "-", stdin=_order(name.removeprefix("order-"), WAITING))
    words = ("list", "--id-prefix", "order-paged-")

    ran = desk.run(*words, "--limit", "2", "--all", "--json")
    table = desk.run(*words, "--limit", "2", "--all")
    first = desk.run(*words, "--limit", "2")

    assert ran.code == 0, ran
    assert sorted(row["instanceId"] for row in ran.documents) == sorted(ids)
    assert {row["type"] for row in ran.documents} == {"order"}
    assert sum(table.out.count(name) for name in ids) == len(ids)
    assert "--cursor" in first.err


def test_a_reader_who_has_seen_enough_ends_a_list_quietly(desk: Desk) -> None:
    for number in range(3):
        desk.run("start", "order", "-", stdin=_order(f"read-{number}", WAITING))

    ran = desk.started("list", "--all", "--limit", "1", "--id-prefix", "order-read-")

    assert ran.code == 0
    assert len(ran.out.splitlines()) == 4


def test_an_instance_is_shown_explained_and_told(desk: Desk) -> None:
    _waiting(desk, "shown")

    shown = desk.run("show", "order-shown", "--json").documents[0]
    history = desk.run("history", "order-shown", "--json", "--limit", "1000").documents
    explained = desk.run("explain", "order-shown", "--json").documents[0]

    assert shown["businessStatus"] == "awaiting_payment"
    assert "tok_sandbox" not in json.dumps([shown, history, explained])
    assert "order_processing_reserve_stock" in {event.get("FunctionName") for event in history}
    assert "payment" in explained["sentence"]
    assert explained["sentence"] in desk.run("explain", "order-shown").out
    assert "awaiting_payment" in desk.run("show", "order-shown").out
    assert "order_processing_reserve_stock" in desk.run("history", "order-shown").out
    assert desk.run("show", "order-unknown").code == 4


def test_an_approval_is_asked_for_found_and_decided(desk: Desk) -> None:
    request = json.dumps(a_request(request_id="chair"))
    assert desk.run("start", "approval", "-", stdin=request, who=REQUESTER).code == 0

    inbox = until(
        lambda: desk.run("inbox", "--json", who=FIRST).documents,
        patience_s=END_PATIENCE_S,
        what="the approver is asked",
    )
    stranger = desk.run("decide", "approval-chair", "1", "approve", who="else@example.com")
    decided = desk.run("decide", "approval-chair", "1", "approve", who=FIRST)

    assert [waiting["requestId"] for waiting in inbox] == ["chair"]
    assert stranger.code == 3
    assert decided.code == 0
    assert desk.run("watch", "approval-chair", "--exit-status").code == 0
    assert desk.run("decide", "approval-chair", "1", "reject", who=FIRST).code == 3


def test_a_batch_is_watched_with_its_rows(desk: Desk) -> None:
    content = PriceList.of(300).content
    path = "/api/batches/sources/imports/rows.csv"
    headers = {"X-Dev-Principal": "operator@example.com", "X-Dev-Roles": "workflow.operator"}
    put = desk.host.request("PUT", path, body=content, headers=headers)
    assert put.status in {200, 201}, put
    job = {"pipeline": "catalogue_import", "dataSource": "imports/rows.csv", "dryRun": True}

    ran = desk.run("start", "batch", "-", "--id", "rows", "--watch", stdin=json.dumps(job))

    assert ran.code == 0, ran
    assert "300 of 300 rows" in ran.out


def test_a_queue_that_is_empty_asks_nobody(desk: Desk) -> None:
    desk.run("start", "order", "-", stdin=_order("quiet", WAITING))

    assert desk.run("attention").err.strip() == "nothing needs attention"
    assert desk.run("resolve", "order-quiet", "retry", "--reason", "seen").code == 3
    assert desk.run("resolve", "order-nowhere", "retry", "--reason", "seen").code == 4


def _status(desk: Desk, instance_id: str) -> str:
    ran = desk.run("show", instance_id, "--json")
    return str(ran.documents[0]["runtimeStatus"]) if ran.code == 0 else f"exit code {ran.code}"


def test_an_instance_is_suspended_resumed_terminated_and_purged(desk: Desk) -> None:
    _waiting(desk, "acted")
    why = ("--reason", "the provider is away")

    suspended = desk.run("suspend", "order-acted", *why)
    seen_suspended = _status(desk, "order-acted")
    codes = [desk.run(action, "order-acted", *why).code for action in ("resume", "terminate")]
    early = desk.run("purge", "order-acted", *why)
    seen_terminated = _status(desk, "order-acted")
    purged = desk.run("purge", "order-acted", *why, "--yes")

    assert "done" in suspended.out
    assert (seen_suspended, codes, seen_terminated) == ("Suspended", [0, 0], "Terminated")
    assert "would be purged" in early.out
    assert purged.code == 0
    assert _status(desk, "order-acted") == "exit code 4"
    acts = desk.run("audit", "order-acted", "--json").documents
    assert [act["action"] for act in acts] == ["purge", "terminate", "resume", "suspend"]
    assert {act["reason"] for act in acts} == {"the provider is away"}


def test_a_wish_that_is_repeated_under_its_key_is_the_same_wish(desk: Desk) -> None:
    _waiting(desk, "keyed")
    words = ("suspend", "order-keyed", "--reason", "once", "--idempotency-key", "key-1", "--json")

    first, again = desk.run(*words), desk.run(*words)
    other = desk.run("resume", "order-keyed", *words[2:])

    assert first.documents == again.documents
    assert len(desk.run("audit", "order-keyed", "--json").documents) == 1
    assert other.code == 3


def test_what_cannot_be_done_is_refused(desk: Desk) -> None:
    _waiting(desk, "refusing")
    why = ("--reason", "a try")

    codes = {
        action: desk.run(action, "order-refusing", *why).code for action in ("rewind", "restart")
    }

    assert codes == {"rewind": 3, "restart": 3}
    assert desk.run("purge", "order-refusing", *why, "--yes").code == 3
    assert desk.run("event", "order-refusing", "no-such-event", *why).code == 4
    assert desk.run("terminate", "order-nowhere", *why).code == 4
    assert desk.run("terminate", "order-refusing", *why, who=FIRST).code == 3


def test_a_wish_to_cancel_lets_an_order_end_by_itself(desk: Desk) -> None:
    _waiting(desk, "unwanted")

    cancelled = desk.run("cancel", "order-unwanted", "--reason", "ordered twice")
    ended = desk.run("watch", "order-unwanted", "--exit-status", "--json")

    assert cancelled.code == 0
    assert (ended.code, ended.documents[-1]["runtimeStatus"]) == (1, "Completed")


def test_an_event_of_the_type_reaches_the_instance(desk: Desk) -> None:
    _waiting(desk, "poked")

    ran = desk.run("event", "order-poked", "attention:1", "--reason", "look again")

    assert ran.code == 0, ran
    assert desk.run("audit", "order-poked", "--json").documents[0]["action"] == "raise_event"


def test_many_are_changed_only_when_it_is_meant(desk: Desk) -> None:
    names = [f"many-{number}" for number in range(3)]
    for name in names:
        _waiting(desk, name)
    words = ("bulk", "suspend", "--id-prefix", "order-many-", "--reason", "drill")

    rehearsed = desk.run(*words, "--limit", "2", "--all")
    before = {_status(desk, f"order-{name}") for name in names}
    done = desk.run(*words, "--limit", "2", "--all", "--yes")

    assert "suspend: 3 would_be_done" in rehearsed.err
    assert before == {"Running"}
    assert "suspend: 3 done" in done.err
    assert {_status(desk, f"order-{name}") for name in names} == {"Suspended"}


def test_ended_ones_are_purged_by_filter(desk: Desk) -> None:
    for number in range(2):
        start = desk.run("start", "order", "-", stdin=_order(f"old-{number}", DECLINED))
        assert start.code == 0
        desk.run("watch", f"order-old-{number}")
    words = ("purge", "--id-prefix", "order-old-", "--status", "Completed", "--reason", "old")

    assert "purge: 2 would_be_done" in desk.run(*words).err
    assert "purge: 2 done" in desk.run(*words, "--yes").err
    assert desk.run("list", "--id-prefix", "order-old-").err.strip() == "nothing found"


def test_the_app_as_a_whole_is_told_in_numbers(desk: Desk) -> None:
    _waiting(desk, "counted")

    told = desk.run("overview", "--hours", "1", "--json").documents[0]
    (orders,) = [row for row in told["types"] if row["type"] == "order"]

    assert orders["started"] >= 1
    assert "order" in desk.run("overview").out
    assert desk.run("findings").code == 0
    assert desk.run("findings", who=FIRST).code == 3
