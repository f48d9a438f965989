"""A chain shows every change of what was written, and only that."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.chain import Entry, NewEntry, first_break, origin_of, sealed

T0 = datetime(2030, 1, 1, 12, tzinfo=UTC)


def chain(*kinds: str) -> tuple[Entry, ...]:
    entries: tuple[Entry, ...] = ()
    for number, kind in enumerate(kinds):
        new = NewEntry(kind=kind, level=1, round=1, actor="a@example.com", payload={"n": number})
        entries += sealed("log", entries, [new], at=T0 + timedelta(hours=number))
    return entries


def test_entries_follow_one_another_from_the_logs_own_origin() -> None:
    first, second = chain("opened", "closed")

    assert (first.sequence, first.previous_hash) == (1, origin_of("log"))
    assert (second.sequence, second.previous_hash) == (2, first.hash)
    assert first_break("log", [first, second]) is None
    assert first_break("log", []) is None


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "withdrawn"},
        {"level": 2},
        {"round": 2},
        {"actor": "b@example.com"},
        {"proof": "development"},
        {"payload": {"n": 2}},
        {"at": T0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_no_member_of_an_entry_can_be_changed(change: dict[str, Any]) -> None:
    first, second, third = chain("opened", "decided", "closed")

    found = first_break("log", [first, replace(second, **change), third])

    assert found is not None
    assert (found.sequence, found.reason) == (2, "changed")


def test_an_entry_sealed_anew_does_not_fit_those_after_it() -> None:
    first, second, third = chain("opened", "decided", "closed")
    (forged,) = sealed("log", [first], [replace(second, actor="b@example.com")], at=second.at)

    found = first_break("log", [first, forged, third])

    assert found is not None
    assert (found.sequence, found.reason) == (3, "does_not_follow")


def test_a_missing_entry_and_a_swapped_one_are_found() -> None:
    first, second, third = chain("opened", "decided", "closed")

    missing, swapped = first_break("log", [first, third]), first_break("log", [second, first])

    assert missing is not None
    assert (missing.sequence, missing.reason) == (2, "missing")
    assert swapped is not None
    assert (swapped.sequence, swapped.reason) == (1, "missing")


def test_a_chain_cut_short_does_not_reach_its_head() -> None:
    entries = chain("opened", "decided", "closed")
    head = (3, entries[-1].hash)

    found = first_break("log", entries[:2], head=head)

    assert first_break("log", entries, head=head) is None
    assert found is not None
    assert (found.sequence, found.reason) == (3, "not_the_head")


def test_a_chain_of_another_log_does_not_begin_here() -> None:
    found = first_break("other", chain("opened"))

    assert found is not None
    assert (found.sequence, found.reason) == (1, "does_not_follow")


def test_no_entry_is_earlier_than_the_one_before_it() -> None:
    entries = chain("opened")

    (late,) = sealed("log", entries, [NewEntry(kind="decided")], at=T0 - timedelta(minutes=5))

    assert late.at == T0
    assert first_break("log", [*entries, late]) is None


def test_entries_of_one_append_follow_one_another() -> None:
    entries = sealed("log", (), [NewEntry(kind="a"), NewEntry(kind="b")], at=T0)

    assert [entry.sequence for entry in entries] == [1, 2]
    assert first_break("log", entries) is None
