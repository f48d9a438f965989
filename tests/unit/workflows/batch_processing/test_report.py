"""What a report says of a ledger: totals, pace, failures by reason, slowest units."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from workflows.batch_processing.ledger import Entry, UnitRecord, UnitState, Written
from workflows.batch_processing.models import Tally
from workflows.batch_processing.report import (
    MOST_BINS,
    MOST_SLOWEST,
    Facts,
    Failure,
    Report,
    SumLine,
    bin_width,
    report,
)

T0 = datetime(2030, 1, 1, 9, tzinfo=UTC)
FACTS = Facts(
    job_id="J1", pipeline="catalogue_import", status="processing", planned_rows=100, chunks=4
)


def a_unit(
    key: str = "0000000",
    *,
    begin_s: float = 0,
    took_s: float = 1,
    rows: int = 10,
    reasons: dict[str, int] | None = None,
    starts: int = 1,
) -> Entry:
    rejected = sum((reasons or {}).values())
    return Entry(
        key=key,
        state=UnitState.DONE,
        planned_rows=rows if "." not in key else 0,
        starts=starts,
        started_at=T0 + timedelta(seconds=begin_s),
        finished_at=T0 + timedelta(seconds=begin_s + took_s),
        record=UnitRecord(
            tally=Tally(rows=rows, accepted=rows - rejected, rejected=rejected),
            reasons=reasons or {},
            read_sums={"stock": rows},
            written_sums={"stock": rows - rejected},
            output=Written(blob="o", size=100, sha256="00"),
            letters=Written(blob="l", size=rejected, sha256="00"),
        ),
    )


def reported(*entries: Entry) -> Report:
    return report(FACTS, entries, made_at=T0)


def test_a_job_without_units_has_a_report() -> None:
    empty = reported()

    assert (empty.tally, empty.rows_per_s, empty.pace.rows_per_s) == (Tally(), 0, ())
    assert (empty.failures, empty.slowest, empty.sums) == ((), (), ())
    assert empty.units.planned == 4


def test_the_ledger_is_read_once() -> None:
    def once() -> Iterator[Entry]:
        yield a_unit()

    assert report(FACTS, once(), made_at=T0).tally.rows == 10


def test_totals_and_reasons_add_up_over_units() -> None:
    found = reported(
        a_unit("0000000", reasons={"invalid_row": 1}),
        a_unit("0000001", reasons={"invalid_row": 2, "malformed_row": 1}, starts=2),
    )

    assert found.tally == Tally(rows=20, accepted=16, rejected=4)
    assert found.failures == (
        Failure(reason="invalid_row", rows=3),
        Failure(reason="malformed_row", rows=1),
    )
    assert found.sums == (SumLine(name="stock", read=20, written=16),)
    assert (found.output_bytes, found.dead_letter_bytes) == (200, 4)
    assert found.units.begun_again == 1


def test_a_unit_taken_apart_counts_by_its_parts() -> None:
    whole = Entry(key="0000000", state=UnitState.APART, planned_rows=10, starts=3)
    parts = (a_unit("0000000.00000+00005", rows=5), a_unit("0000000.00005+00005", rows=5))

    found = reported(whole, *parts)

    assert (found.tally.rows, found.units.taken_apart, found.units.done) == (10, 1, 2)
    assert {(unit.chunk, unit.start, unit.count) for unit in found.slowest} == {
        (0, 0, 5),
        (0, 5, 5),
    }


def test_the_rows_of_a_unit_count_evenly_over_its_time() -> None:
    found = reported(
        a_unit("0000000", begin_s=0, took_s=60, rows=600),
        a_unit("0000001", begin_s=30, took_s=30, rows=300),
    )

    assert found.pace.begin == T0
    assert found.pace.width_s == 1
    assert found.pace.rows_per_s == pytest.approx((10.0,) * 30 + (20.0,) * 30)
    assert found.rows_per_s == 15


def test_a_time_without_work_shows_as_nothing() -> None:
    found = reported(a_unit("0000000"), a_unit("0000001", begin_s=9))

    assert set(found.pace.rows_per_s[10:-10]) == {0.0}


def test_a_unit_that_took_no_time_counts_where_it_was() -> None:
    assert reported(a_unit(took_s=0)).pace.rows_per_s == (10_000,)


def test_a_clock_that_runs_back_makes_no_time_negative() -> None:
    found = reported(a_unit("0000000"), a_unit("0000001", begin_s=5, took_s=-3))

    assert min(unit.took_s for unit in found.slowest) == 0


def test_the_slowest_units_come_slowest_first_and_are_few() -> None:
    found = reported(*(a_unit(f"{chunk:07}", took_s=chunk + 1) for chunk in range(30)))

    assert [unit.chunk for unit in found.slowest] == list(range(29, 29 - MOST_SLOWEST, -1))
    assert (found.units.median_s, found.units.ninth_decile_s, found.units.longest_s) == (15, 27, 30)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 10**6), st.floats(0, 10**6), st.integers(min_value=1, max_value=50_000)
        ),
        min_size=1,
        max_size=30,
    )
)
def test_no_row_is_lost_or_counted_twice_in_the_pace(
    units: list[tuple[float, float, int]],
) -> None:
    found = reported(
        *(
            a_unit(f"{number:07}", begin_s=begin, took_s=took, rows=rows)
            for number, (begin, took, rows) in enumerate(units)
        )
    )

    pace = found.pace
    total = sum(rows for _, _, rows in units)
    assert 1 <= len(pace.rows_per_s) <= MOST_BINS
    assert sum(pace.rows_per_s) * pace.width_s == pytest.approx(
        total, rel=0.01, abs=0.06 * pace.width_s * MOST_BINS
    )


@pytest.mark.parametrize("span_s", [0, 0.5, 6, 6.1, 60, 3_600, 86_400, 10**7])
def test_bins_cover_the_span(span_s: float) -> None:
    assert bin_width(span_s) * MOST_BINS >= span_s


def test_a_report_is_json_and_comes_back() -> None:
    found = reported(a_unit(reasons={"invalid_row": 1}))

    assert Report.from_json(found.to_json()) == found
