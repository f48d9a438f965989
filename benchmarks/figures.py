"""Figures: what a measurement brings home, and how it is shown. Measuring is elsewhere."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One thing measured several times in one run.

    Attributes:
        name: what it is.
        unit: of the values.
        values: one a repetition, in order.
        reference: what there is to compare it with, if anything.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    reference: str = ""

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what ``dataclasses.asdict`` made of a figure."""
        return cls(
            name=row["name"],
            unit=row["unit"],
            values=tuple(row["values"]),
            reference=row["reference"],
        )


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table: minimum, median and maximum of the repetitions."""
    rows = [("figure", "min", "median", "max", "unit", "n", "to compare with")]
    rows += [
        (
            figure.name,
            _shown(min(figure.values)),
            _shown(median(figure.values)),
            _shown(max(figure.values)),
            figure.unit,
            str(len(figure.values)),
            figure.reference,
        )
        for figure in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def write(figures: Sequence[Figure], path: Path) -> None:
    """Write the figures and where they were measured as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "machine": {
            "processors": os.cpu_count(),
            "system": platform.system(),
            "python": platform.python_version(),
        },
        "figures": [asdict(figure) for figure in figures],
    }
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _shown(value: float) -> str:
    if value >= 100:  # noqa: PLR2004 - three digits say enough
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"  # noqa: PLR2004 - as above
