"""`python -m benchmarks [NAME ...]`: measure, print a table, write JSON under .dev/benchmarks.

Each benchmark runs in a process of its own: an app is loaded once in the life of one.
"""

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime

from benchmarks.figures import Figure, table, write
from scripts.layout import KEPT, ROOT

BENCHMARKS = {
    "startup": "time to the first served request",
    "shaped": "the order-shaped workflow, here, on peers and on the SDK alone",
    "orders": "the order workflow over HTTP on Azurite",
    "batch": "a file of up to a million rows, by the app and as often sketched",
    "engine": "episodes, activities, fans and events in process",
    "replay": "what the SDK takes for an event of the history",
    "recovery": "after kill -9 with many instances pending",
    "listing": "pages of the list over 100,000 finished workflows and 1,000 running",
    "counts": "events, actions and storage transactions of each workflow; nothing is timed",
    "crowded": "10,000 instances: memory, and the first work after kill -9",
}


def main() -> int:
    """Run the benchmarks that are named, or all."""
    parser = argparse.ArgumentParser(
        prog="./dev bench",
        epilog="\n".join(f"{name:10} {what}" for name, what in BENCHMARKS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    parser.add_argument("--repeat", type=int, default=5, help="repetitions (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, to try it out")
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    figures: list[Figure] = []
    for name in options.names or BENCHMARKS:
        print(f"{name}: {BENCHMARKS[name]} ...", file=sys.stderr, flush=True)
        figures += _measured(name, repeat=options.repeat, scale=0.1 if options.quick else 1.0)
    print(table(figures))
    path = KEPT / "benchmarks" / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    write(figures, path)
    print(f"\nWritten to {path.relative_to(ROOT)}.")
    return 0


def _measured(name: str, *, repeat: int, scale: float) -> list[Figure]:
    command = [sys.executable, "-m", f"benchmarks.{name}", str(repeat), str(scale)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    # The host's own lines may come before; the figures are the last one.
    last = done.stdout.strip().splitlines()[-1]
    return [Figure.from_json(row) for row in json.loads(last)]


if __name__ == "__main__":
    sys.exit(main())
