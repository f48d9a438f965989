"""The words of `./dev`. What each of them does is in the module that it calls."""

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Final

from scripts import checks, environment, host, package, upkeep
from scripts.console import DevError, complain
from scripts.layout import HOST_STATE, ROOT, VENV

INTERRUPTED: Final = 130
_WF: Final = "wf"

_EPILOG: Final = """\
Every word sets up what it needs first: Python packages in .venv, Azurite in .dev. Both stay in
this checkout. Paths are relative to the checkout, from wherever ./dev is called.
"""


def parser() -> argparse.ArgumentParser:
    """Build the command line; its help is what ./dev says without a word."""
    top = argparse.ArgumentParser(
        prog="./dev", epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words = top.add_subparsers(dest="word", metavar="WORD", title="words")
    _starting(words)
    _passing_on(
        words,
        "test",
        "check, then every test; --long: all of them; --against URL: a running app",
        "pytest",
    )
    _passing_on(
        words, "check", "style, types, contracts, infrastructure and the unit tests", "pytest"
    )
    _passing_on(words, "cover", "every test, then what none of them reached", "pytest")
    words.add_parser("fmt", help="repair and lay out the code")
    _passing_on(words, "func", "run the app with the real Core Tools", "func start")
    words.add_parser("azurite", help="run the storage emulator alone")
    words.add_parser("audit", help="check the logs of approvals that ./dev start has kept")
    _passing_on(words, "bench", "measure", "python -m benchmarks")
    _passing_on(words, _WF, "look at workflows, start them, decide, operate", "wfctl")
    words.add_parser("package", help="build the archive that is deployed")
    words.add_parser("doctor", help="say what was found on this machine")
    lock = words.add_parser("lock", help="pin the requirements, with hashes")
    lock.add_argument("--upgrade", action="store_true", help="to the newest that is allowed")
    clean = words.add_parser("clean", help="delete caches, logs and local data")
    clean.add_argument("--all", action="store_true", help="and everything that was installed")
    words.add_parser("help", help="say this")
    return top


def main(arguments: Sequence[str]) -> int:
    """Do what the word says and return the exit code."""
    line = parser()
    # `wf` answers --help itself, and has a use for what argparse would take out, such as `--`.
    whole = len(arguments) if arguments[:1] != [_WF] else 1
    options, rest = line.parse_known_args(arguments[:whole])
    rest += arguments[whole:]
    if rest and not getattr(options, "passes_on", False):
        line.error(f"{options.word} does not take {' '.join(rest)}")
    if options.word in {None, "help"}:
        line.print_help()
        return 0
    try:
        return _do(options, rest)
    except DevError as reason:
        complain(str(reason))
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever reads the output has seen enough
        sys.stdout = None
        return 0


def _do(options: argparse.Namespace, rest: list[str]) -> int:
    if options.word == "clean":  # the one word that must not install first
        return upkeep.clean(everything=options.all)
    environment.ensure()
    words: dict[str, Callable[[], int]] = {
        "start": lambda: host.start(options),
        "test": lambda: checks.test(rest),
        "check": lambda: checks.check(rest),
        "cover": lambda: checks.cover(rest),
        "fmt": checks.fmt,
        "func": lambda: host.func(rest),
        "azurite": host.azurite,
        "audit": upkeep.audit,
        "bench": lambda: _module("benchmarks", rest),
        _WF: lambda: _module("wfctl", rest),
        "package": package.package,
        "doctor": upkeep.doctor,
        "lock": lambda: upkeep.lock(upgrade=options.upgrade),
    }
    return words[options.word]()


def _module(name: str, arguments: list[str]) -> int:
    command = [str(VENV / "bin" / "python"), "-m", name, *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _starting(words: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    start = words.add_parser("start", help="run the app with its storage on this machine")
    start.add_argument("--port", type=int, default=upkeep.HOST_PORT)
    start.add_argument("--host", default="127.0.0.1")
    start.add_argument("--state", default=str(HOST_STATE), help="where the host keeps its state")
    start.add_argument("--fresh", action="store_true", help="forget all stored data first")
    start.add_argument("--verbose", action="store_true", help="say more about each invocation")


def _passing_on(
    words: "argparse._SubParsersAction[argparse.ArgumentParser]", word: str, does: str, to: str
) -> None:
    """Add a word whose further arguments go to the tool behind it, options included."""
    added = words.add_parser(word, help=does, usage=f"./dev {word} [arguments of {to}]")
    added.set_defaults(passes_on=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
