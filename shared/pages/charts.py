"""The geometry of charts, as values that a template draws; pure.

Charts are stretched to whatever width there is, so that their text stays readable on a phone:
positions are shares of the width, and only the curve itself is scaled. No colour is chosen here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_STEPS = (1.0, 2.0, 4.0, 6.0, 8.0, 10.0)
_SMALLEST = 0.001  # what is less is nothing
_GRID_LINES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class GridLine:
    """A line across a chart: how far from the top in percent, and what it stands for."""

    top: float
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChart:
    """A curve of steps in a square of ``width`` steps by 100, drawn from the top down.

    ``line`` is the curve, ``area`` what lies under it, both as SVG path data.
    """

    width: int
    line: str
    area: str
    grid: tuple[GridLine, ...]


def step_chart(
    values: Sequence[float], *, beside: Sequence[float] = (), counts: bool = False
) -> StepChart:
    """Draw values as steps, from zero to a round number above the highest.

    Args:
        values: One per step.
        beside: What another curve in the same picture shows; both get the same scale.
        counts: Whether values count things, so that fractions of them would read oddly.
    """
    top = ceiling(max((*values, *beside), default=0.0))
    if counts:
        top = max(math.ceil(top / _GRID_LINES), 1) * _GRID_LINES
    heights = [100 - value / top * 100 for value in values]
    moves = [f"M0 {heights[0]:.2f}H1"] if heights else []
    moves += [
        f"V{after:.2f}H{number}" for number, (_, after) in enumerate(pairwise(heights), start=2)
    ]
    line = "".join(moves)
    return StepChart(
        width=max(1, len(heights)),
        line=line,
        area=f"{line}V100H0Z" if line else "",
        grid=tuple(
            GridLine(top=100 - number * 100 / _GRID_LINES, value=top * number / _GRID_LINES)
            for number in range(1, _GRID_LINES + 1)
        ),
    )


def ceiling(highest: float) -> float:
    """Return the smallest of 1, 2, 4, 6, 8, 10, 20, ... that is not below: fourths read well."""
    if highest < _SMALLEST:
        return 1.0
    scale = 10.0 ** math.floor(math.log10(highest))
    for step in _STEPS:
        if step * scale >= highest:
            return step * scale
    return 10 * scale


def share(part: float, whole: float) -> float:
    """Return a part of a whole in percent, as a bar shows it; nothing of nothing is nothing."""
    return round(part / whole * 100, 2) if whole else 0.0
