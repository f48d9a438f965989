"""The command line: ``funchost start``, in the words of ``func start``.

It reads the words and nothing else; running the app is ``bootstrap``.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from funchost.bootstrap import serve
from funchost.engine.errors import EngineError
from funchost.errors import StartError
from funchost.options import Auth, Options, Sync

LAST_PORT = 65_535
FAILED = 1
INTERRUPTED = 130

type Serve = Callable[[Options], None]


def main(arguments: Sequence[str] | None = None, *, run: Serve = serve) -> int:
    """Run the host until it is told to stop.

    Args:
        arguments: The words after the program's name; None takes those of the process.
        run: What runs the host.

    Returns:
        The exit code: 0, or 1 with one sentence on standard error. Wrong words exit with 2.
    """
    options = _options(arguments)
    try:
        run(options)
    except (StartError, EngineError) as error:
        print(f"funchost: {error}", file=sys.stderr)  # noqa: T201 - this is what a command line does
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _options(arguments: Sequence[str] | None) -> Options:
    parser = _parser()
    words = parser.parse_args(arguments)
    app: Path = words.app
    if not app.is_dir():
        parser.error(f"--app: there is no folder '{app}'")
    state: Path | None = words.state
    return Options(
        app=app.resolve(),
        port=words.port,
        host=words.host,
        state=state.resolve() if state else None,
        verbose=words.verbose,
        sync=words.sync,
        functions=tuple(words.functions),
        cors=tuple(origin.strip() for origin in words.cors.split(",") if origin.strip()),
        cors_credentials=words.cors_credentials,
        auth=words.auth,
    )


def _parser() -> argparse.ArgumentParser:
    """Return the words there are: ``start`` with its options."""
    parser = argparse.ArgumentParser(
        prog="funchost", description="Run an Azure Functions app (Python, v2 model) locally."
    )
    start = parser.add_subparsers(title="commands", metavar="COMMAND", required=True).add_parser(
        "start", help="serve the app until interrupted", description="Serve the app."
    )
    _say_what_runs(start)
    _say_where_it_is_served(start)
    _say_who_may_call(start)
    return parser


def _say_what_runs(start: argparse.ArgumentParser) -> None:
    start.add_argument(
        "--app", type=Path, default=Path(), metavar="DIR", help="the app's folder (default: here)"
    )
    start.add_argument(
        "--state", type=Path, metavar="PATH", help="default: .funchost/state.db in the app"
    )
    start.add_argument(
        "--sync",
        type=Sync,
        choices=list(Sync),
        default=Sync.NORMAL,
        help="normal survives the end of the process, full also a power cut (default: %(default)s)",
    )
    start.add_argument(
        "--functions", nargs="+", default=[], metavar="NAME", help="run these functions only"
    )
    start.add_argument("--verbose", action="store_true", help="log details")
    start.add_argument("--no-build", action="store_true", help=argparse.SUPPRESS)


def _say_where_it_is_served(start: argparse.ArgumentParser) -> None:
    start.add_argument(
        "--port", "-p", type=_port, help="default: LocalHttpPort of local.settings.json, or 7071"
    )
    start.add_argument(
        "--host", "--address", default="127.0.0.1", help="address to bind (default: %(default)s)"
    )


def _say_who_may_call(start: argparse.ArgumentParser) -> None:
    start.add_argument(
        "--cors", default="", metavar="ORIGINS", help="origins, separated by commas, or *"
    )
    start.add_argument(
        "--cors-credentials", action="store_true", help="let those origins send credentials"
    )
    start.add_argument(
        "--auth",
        type=Auth,
        choices=list(Auth),
        default=Auth.OFF,
        help="enforce asks for function, host and master keys as Azure does (default: %(default)s)",
    )
    start.add_argument(  # the word of func start
        "--enableAuth",
        dest="auth",
        action="store_const",
        const=Auth.ENFORCE,
        help=argparse.SUPPRESS,
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= LAST_PORT):
        raise argparse.ArgumentTypeError(f"'{text}' is not a port (0 to {LAST_PORT})")
    return int(text)
