"""The geometry of charts: nothing outside the frame, round numbers at the grid."""

import re

import pytest
from hypothesis import given, strategies as st

from shared.pages.charts import ceiling, share, step_chart
from shared.pages.words import lasting, rate


def test_steps_go_from_left_to_right_and_stand_on_the_ground() -> None:
    chart = step_chart([5, 10, 0])

    assert chart.width == 3
    assert chart.line == "M0 50.00H1V0.00H2V100.00H3"
    assert chart.area == "M0 50.00H1V0.00H2V100.00H3V100H0Z"
    assert [(line.top, line.value) for line in chart.grid] == [
        (75, 2.5),
        (50, 5),
        (25, 7.5),
        (0, 10),
    ]


def test_nothing_draws_nothing() -> None:
    chart = step_chart([])

    assert (chart.line, chart.area) == ("", "")
    assert chart.grid[-1].value == 1


@given(st.lists(st.floats(0, 10**9), min_size=1, max_size=60))
def test_every_value_is_inside_the_frame(values: list[float]) -> None:
    chart = step_chart(values)

    heights = [float(found) for found in re.findall(r"(?:M0 |V)([\d.]+)", chart.line)]
    assert len(heights) == len(values)
    assert all(0 <= height <= 100 for height in heights)


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 1), (0.3, 0.4), (1, 1), (1.1, 2), (48_731, 60_000), (80_001, 100_000)]
)
def test_the_scale_ends_at_a_round_number(highest: float, top: float) -> None:
    assert ceiling(highest) == pytest.approx(top)


@pytest.mark.parametrize(("highest", "top"), [(0, 4), (1, 4), (4, 4), (6, 8), (9, 12), (55, 60)])
def test_a_scale_of_counts_has_whole_numbers(highest: int, top: int) -> None:
    grid = step_chart([highest], counts=True).grid

    assert grid[-1].value == top
    assert all(line.value == int(line.value) for line in grid)


def test_a_share_of_nothing_is_nothing() -> None:
    assert share(0, 0) == 0
    assert share(1, 8) == 12.5


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.0421, "0.042 s"),
        (7.946, "7.95 s"),
        (60, "1 min"),
        (125, "2 min 5 s"),
        (3_600, "1 h"),
        (12_000, "3 h 20 min"),
    ],
)
def test_lengths_of_time_are_written_as_people_say_them(seconds: float, words: str) -> None:
    assert lasting(seconds) == words


def test_rates_are_as_exact_as_anybody_reads_them() -> None:
    assert [rate(value) for value in (0, 0.25, 9.876, 48_731.7)] == ["0", "0.25", "9.88", "48,732"]
