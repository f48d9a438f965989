"""Rows: what is written is what is read, and a broken row is not taken for a value."""

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import unquote

import pytest
from hypothesis import given, strategies as st

from shared.storage.row import Row, from_entity, instant_text, key_text, to_entity

instants = st.datetimes(timezones=st.just(UTC))


@given(st.text())
def test_a_key_is_free_of_what_tables_refuse_and_can_be_read_back(text: str) -> None:
    key = key_text(text)

    assert not set(key) & set("/\\#?%\t\n\r")
    assert key.isascii()
    assert unquote(key.replace("=", "%"), errors="strict") == text


def test_a_plain_id_is_its_own_key() -> None:
    assert key_text("order-A_1.2~b:ship") == "order-A_1.2~b:ship"


@given(instants, instants)
def test_the_text_of_instants_sorts_as_they_do(one: datetime, other: datetime) -> None:
    assert (instant_text(one) < instant_text(other)) == (one < other)
    assert datetime.fromisoformat(instant_text(one)) == one


def test_an_instant_is_written_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))

    assert instant_text(datetime(2026, 1, 1, tzinfo=berlin)) == "2025-12-31T23:00:00.000000+00:00"
    with pytest.raises(ValueError, match="aware"):
        instant_text(datetime(2026, 1, 1))  # noqa: DTZ001 - the naive instant is what is tested


def test_a_row_survives_the_sdks_form() -> None:
    row = Row(
        partition_key="p",
        row_key="r",
        fields={"text": "x", "number": 2**40, "flag": True},
        etag="e",
    )

    assert from_entity(to_entity(row), etag="e") == row


def test_a_change_keeps_keys_and_etag() -> None:
    row = Row(partition_key="p", row_key="r", fields={"a": 1, "b": 2}, etag="e")

    assert row.changed(b=3) == Row(
        partition_key="p", row_key="r", fields={"a": 1, "b": 3}, etag="e"
    )


def test_a_field_of_another_type_is_refused_by_name() -> None:
    row = Row(partition_key="p", row_key="r", fields={"flag": True})

    assert row.flag("flag")
    with pytest.raises(TypeError, match="row p/r: flag is not int"):
        row.integer("flag")
    with pytest.raises(TypeError, match="row p/r: missing is not str"):
        row.text("missing")
