"""The command line as a whole: which commands there are, and what every one of them takes."""

from collections.abc import Sequence
from typing import Final

import typer

from wfctl.commands import acting, deciding, looking, operating, starting, sweeping, watching
from wfctl.options import shared_before
from wfctl.session import Surroundings

_EPILOG: Final = (
    "Exit codes: 0 ok, 1 what was watched failed, 2 usage, 3 refused, 4 not found,"
    " 5 no answer, 6 not yet. More: docs/command-line.md"
)


def build() -> typer.Typer:
    """Put the commands together."""
    app = typer.Typer(
        name="wfctl",
        help="Look at workflows, start them, decide for them, and operate the app.",
        epilog=_EPILOG,
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_show_locals=False,  # they hold the connection
    )
    app.callback()(shared_before)
    for commands in (looking, watching, starting, acting, sweeping, deciding, operating):
        commands.register(app)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    try:
        build()(arguments, prog_name="wfctl", obj=Surroundings())
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    return 0
