"""`./dev check`, `./dev test`, `./dev fmt` and `./dev cover`: everything that judges the code.

The tools' settings are in pyproject.toml; here is only which of them run, and in what order.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts import browser, node
from scripts.console import DevError, say
from scripts.layout import KEPT, ROOT, tool

SOURCES: Final = (
    "function_app.py",
    "shared",
    "workflows",
    "funchost",
    "wfctl",
    "scripts",
    "tests",
    "benchmarks",
)


# What holds infrastructure, pipelines and settings to the code; it takes a second or two.
OFFLINE: Final = tuple(
    f"tests/contract/test_{name}.py" for name in ("configuration", "editor", "infra", "pipelines")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One tool that reads the code and says nothing when it is content."""

    name: str
    command: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check said."""

    check: Check
    passed: bool
    output: str
    seconds: float


def static_checks() -> tuple[Check, ...]:
    """Every check that does not run the code, the slowest first: the others fit beside it."""
    sources = existing_sources()
    return (
        Check(name="pyright", command=[tool("pyright")]),
        Check(name="mypy", command=[tool("mypy"), *sources]),
        Check(name="infrastructure", command=[tool("python"), "-m", "scripts.infra"]),
        Check(name="import contracts", command=[tool("lint-imports"), "--no-cache"]),
        Check(name="ruff check", command=[tool("ruff"), "check"]),
        Check(name="ruff format", command=[tool("ruff"), "format", "--check"]),
        Check(name="pipelines", command=[tool("zizmor"), "--offline", "--quiet", ".github"]),
    )


def existing_sources() -> list[str]:
    """Name the parts of the project that hold code: mypy refuses a folder without any."""
    return [name for name in SOURCES if _holds_python(ROOT / name)]


def _holds_python(path: Path) -> bool:
    return path.is_file() or next(path.rglob("*.py"), None) is not None


def run_static_checks() -> None:
    """Run the static checks side by side; show in full what the failing ones say.

    Raises:
        DevError: at least one of them is not content.
    """
    node.find_node()  # pyright runs on it
    say("Checking style, types and import contracts ...")
    verdicts: list[Verdict] = []
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for running in as_completed([pool.submit(_judge, check) for check in static_checks()]):
            verdict = running.result()
            verdicts.append(verdict)
            word = "ok" if verdict.passed else "FAILED"
            say(f"  {word:<7}{verdict.check.name:<18}{verdict.seconds:5.1f} s")
    failed = [verdict for verdict in verdicts if not verdict.passed]
    for verdict in failed:
        say(f"\n----- {verdict.check.name}\n{verdict.output}")
    if failed:
        names = ", ".join(verdict.check.name for verdict in failed)
        raise DevError(f"{names} found something (./dev fmt repairs what ruff can).")


def check(arguments: Sequence[str]) -> int:
    """Run the static checks, the unit tests, and what holds the infrastructure to the code."""
    run_static_checks()
    return pytest(["tests/unit", *OFFLINE, *arguments])


def test(arguments: Sequence[str]) -> int:
    """Run the static checks and every test; pytest has the last word, for machines to read.

    With ``--against URL`` it is what speaks HTTP alone, one test after the other, at that address.
    """
    if any(argument.partition("=")[0] == "--against" for argument in arguments):
        return pytest(["tests/e2e", "--numprocesses=0", *arguments])
    run_static_checks()
    _ensure_what_tests_use()
    return pytest(["--durations=10", "--durations-min=1", *arguments])


def cover(arguments: Sequence[str]) -> int:
    """Run every test under measurement and show what none of them reached."""
    _ensure_what_tests_use()
    coverage = tool("coverage")
    shutil.rmtree(KEPT / "coverage", ignore_errors=True)
    (KEPT / "coverage").mkdir(parents=True)
    code = _run([coverage, "run", "-m", "pytest", "--numprocesses=auto", *arguments])
    _run([coverage, "combine", "--quiet"])
    _run([coverage, "report"])
    return code


def fmt() -> int:
    """Repair what ruff can repair, then lay the code out."""
    repaired = _run([tool("ruff"), "check", "--fix-only", "--quiet"])
    return _run([tool("ruff"), "format"]) or repaired


def pytest(arguments: Sequence[str]) -> int:
    """Run pytest on every core; the arguments come last, so that they win."""
    # A file at a time: many share a host or a store among their tests. In our order: xdist's own
    # puts the file with the fewest tests last, which are the longest.
    distribution = ["--numprocesses=auto", "--dist=loadfile", "--no-loadscope-reorder"]
    command = [tool("pytest"), *distribution, *arguments]
    return _run(command, environment=_with_bytecode_kept())


def _ensure_what_tests_use() -> None:
    node.ensure_azurite()
    node.ensure_axe()
    node.ensure_kql()
    browser.ensure_browser()


def _judge(check: Check) -> Verdict:
    started = time.monotonic()
    ended = subprocess.run(
        check.command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Verdict(
        check=check,
        passed=ended.returncode == 0,
        output=ended.stdout.strip(),
        seconds=time.monotonic() - started,
    )


def _with_bytecode_kept() -> dict[str, str]:
    """Return the environment for many processes that import the same files.

    Where Python may not keep what it compiles, as in many images of containers, each compiles it
    all again: ten seconds for every process of pytest.
    """
    return {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _run(command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> int:
    ended = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    return ended.returncode
