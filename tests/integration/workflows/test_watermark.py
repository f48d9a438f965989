"""Watermarks over Azurite: no gap, no overlap, whoever moves them."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.settings.storage import ConnectionString
from shared.storage import Storage
from workflows.batch_processing.models import WindowSource
from workflows.batch_processing.requests import LONGEST_WINDOW
from workflows.batch_processing.watermark import Watermarks

pytestmark = pytest.mark.integration

NOW = datetime(2030, 1, 2, 6, 30, 0, 123, tzinfo=UTC)
FIRST_BEGIN = datetime(2030, 1, 1, tzinfo=UTC)
FIRST = WindowSource(begin=FIRST_BEGIN, end=NOW.replace(microsecond=0))


@pytest.fixture
def watermarks(azurite: str) -> Iterator[Watermarks]:
    with Storage(ConnectionString(value=azurite), prefix=f"t{uuid.uuid4().hex[:15]}") as opened:
        yield Watermarks(opened.table("batchwatermarks"))


def window(watermarks: Watermarks, now: datetime) -> WindowSource | None:
    return watermarks.next_window("p", readable_until=now)


def test_the_first_window_begins_with_the_day_before(watermarks: Watermarks) -> None:
    assert window(watermarks, NOW) == FIRST


def test_a_first_window_that_failed_is_done_again_from_its_begin(watermarks: Watermarks) -> None:
    window(watermarks, NOW)

    again = window(watermarks, NOW + timedelta(days=9))

    assert again is not None
    assert again.begin == FIRST_BEGIN


def test_windows_meet(watermarks: Watermarks) -> None:
    window(watermarks, NOW)
    assert watermarks.move("p", FIRST, job_id="J1")

    following = window(watermarks, NOW + timedelta(days=1))

    assert following is not None
    assert following.begin == FIRST.end


def test_nothing_new_is_no_window(watermarks: Watermarks) -> None:
    window(watermarks, NOW)
    watermarks.move("p", FIRST, job_id="J1")

    assert window(watermarks, NOW) is None
    assert window(watermarks, NOW - timedelta(hours=1)) is None


def test_a_move_repeated_is_the_same_move(watermarks: Watermarks) -> None:
    window(watermarks, NOW)

    assert watermarks.move("p", FIRST, job_id="J1")
    assert watermarks.move("p", FIRST, job_id="J1")


def test_a_window_that_does_not_begin_at_the_watermark_moves_nothing(
    watermarks: Watermarks,
) -> None:
    window(watermarks, NOW)
    watermarks.move("p", FIRST, job_id="J1")

    overlapping = WindowSource(begin=FIRST_BEGIN, end=NOW + timedelta(days=3))
    assert not watermarks.move("p", overlapping, job_id="J2")
    assert not watermarks.move("p", FIRST, job_id="J2")
    assert window(watermarks, NOW) is None


def test_an_export_that_was_away_for_years_catches_up_window_by_window(
    watermarks: Watermarks,
) -> None:
    window(watermarks, NOW)

    found = window(watermarks, NOW + timedelta(days=800))

    assert found is not None
    assert found.end - found.begin == LONGEST_WINDOW


def test_every_pipeline_has_a_watermark_of_its_own(watermarks: Watermarks) -> None:
    window(watermarks, NOW)
    watermarks.move("p", FIRST, job_id="J1")

    other = watermarks.next_window("q", readable_until=NOW)

    assert other == FIRST
