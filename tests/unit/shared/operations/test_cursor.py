"""Cursors: opaque, of one filter, for a day; anything else is refused by name."""

from datetime import timedelta

import pytest

from shared.errors import InvalidRequestError
from shared.operations.cursor import Position, opened, sealed
from tests.support.management import NOW

KEY = b"k" * 32
HERE = Position(second=1_900_000_000, after_id="order-17", width=450)
CURSOR = sealed(HERE, digest="orders", key=KEY, now=NOW)


def test_a_cursor_leads_back_to_where_the_list_was_left() -> None:
    assert opened(CURSOR, digest="orders", key=KEY, now=NOW + timedelta(hours=23)) == HERE


def refusal(cursor: str, *, digest: str = "orders", key: bytes = KEY, hours: int = 0) -> str:
    with pytest.raises(InvalidRequestError) as told:
        opened(cursor, digest=digest, key=key, now=NOW + timedelta(hours=hours))
    (problem,) = told.value.problems
    assert problem.pointer == "?cursor"
    return problem.code


def test_a_cursor_of_another_list_is_refused() -> None:
    assert refusal(CURSOR, digest="approvals") == "foreign"


def test_an_old_cursor_is_refused() -> None:
    assert refusal(CURSOR, hours=24) == "expired"


def test_a_cursor_of_another_key_is_refused() -> None:
    assert refusal(CURSOR, key=b"x" * 32) == "malformed"


@pytest.mark.parametrize("cursor", ["", ".", "a", "a.b", "é.b", "=.=", "x" * 700, "null", "{}.e30"])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    assert refusal(cursor) == "malformed"


def test_no_character_of_a_cursor_can_be_changed() -> None:
    for place in range(len(CURSOR)):
        other = "A" if CURSOR[place] != "A" else "B"
        changed = CURSOR[:place] + other + CURSOR[place + 1 :]
        # The last character of each part has bits that mean nothing.
        if changed != CURSOR and place not in {CURSOR.index(".") - 1, len(CURSOR) - 1}:
            assert refusal(changed) == "malformed"
