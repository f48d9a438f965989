"""How a benchmark's own process is called and hands its figures to the one that asked."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict

from benchmarks.figures import Figure

type Measure = Callable[[int, float], Sequence[Figure]]


def report(measure: Measure) -> None:
    """Measure as the command line says: repetitions, and the share of the work to do."""
    figures = measure(int(sys.argv[1]), float(sys.argv[2]))
    print(json.dumps([asdict(figure) for figure in figures]), flush=True)
