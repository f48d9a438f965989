"""The options that commands share, and the decorator that gives them to a command.

Connection and output options may stand before or after the command's name. What commands do is in
the package commands.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from wfctl.client import Client
from wfctl.connection import connection_of
from wfctl.exits import StopError, UsageError
from wfctl.output import Output, forget_output
from wfctl.session import Session, Surroundings
from wfctl.wording import moment

_PANEL: Final = "Connection and output"
_FILTERS: Final = "Filters"
# For completion alone: the app says what it takes.
_TYPES: Final = ("order", "delivery", "saga", "approval", "batch")
_STATUSES: Final = (
    *("Pending", "Running", "Suspended", "ContinuedAsNew"),
    *("Completed", "Failed", "Terminated", "Canceled"),
)


def _option(*names: str, says: str, panel: str = _PANEL, **more: Any) -> Any:
    return typer.Option(*names, help=says, rich_help_panel=panel, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What every command takes; None and empty are for what was not said."""

    url: Annotated[
        str | None,
        _option("--url", says="The app's base URL (WFCTL_URL); else this machine's."),
    ] = None
    as_: Annotated[
        str | None,
        _option("--as", says="Whom to be for an app in development (WFCTL_PRINCIPAL)."),
    ] = None
    role: Annotated[
        list[str] | None,
        _option("--role", says="A role to have there, repeatable (WFCTL_ROLES)."),
    ] = None
    key_file: Annotated[
        Path | None,
        _option("--key-file", says="Where the function key is (WFCTL_KEY_FILE); or WFCTL_KEY."),
    ] = None
    as_json: Annotated[
        bool, _option("--json", says="Print the app's documents, one a line, for scripts.")
    ] = False
    utc: Annotated[bool, _option("--utc", says="Show times in UTC.")] = False

    def session(self, surroundings: Surroundings) -> Session:
        """Open what the command works with.

        Raises:
            UsageError: The connection cannot be used.
        """
        connection = connection_of(
            surroundings.environment,
            url=self.url,
            principal=self.as_,
            roles=self.role or (),
            key_file=self.key_file,
        )
        return Session(
            client=Client(connection, adapter=surroundings.adapter, sleep=surroundings.sleep),
            out=Output(as_json=self.as_json, in_utc=self.utc),
            surroundings=surroundings,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which instances are meant; None is for what does not matter."""

    type_: Annotated[
        list[str] | None,
        _option(
            "--type",
            says="order, saga, approval, batch, ...; repeatable.",
            panel=_FILTERS,
            autocompletion=lambda: list(_TYPES),
        ),
    ] = None
    status: Annotated[
        list[str] | None,
        _option(
            "--status",
            says="Running, Failed, ...; repeatable.",
            panel=_FILTERS,
            autocompletion=lambda: list(_STATUSES),
        ),
    ] = None
    outcome: Annotated[
        list[str] | None,
        _option("--outcome", says="The business status; repeatable.", panel=_FILTERS),
    ] = None
    created_from: Annotated[
        str | None,
        _option("--from", says="Created then or later: 2h (ago), a date, a time.", panel=_FILTERS),
    ] = None
    created_to: Annotated[
        str | None, _option("--to", says="Created before then.", panel=_FILTERS)
    ] = None
    id_prefix: Annotated[
        str | None, _option("--id-prefix", says="How the id begins.", panel=_FILTERS)
    ] = None
    text: Annotated[
        str | None, _option("--text", says="What the custom status holds.", panel=_FILTERS)
    ] = None
    children: Annotated[
        bool, _option("--children", says="Sub-orchestrations, too.", panel=_FILTERS)
    ] = False

    @property
    def is_empty(self) -> bool:
        """Whether every instance is meant."""
        return self == Filter(children=self.children)

    def query(self, session: Session) -> dict[str, str]:
        """Write it as the app's query parameters.

        Raises:
            UsageError: A time cannot be read.
        """
        named = {
            "type": ",".join(self.type_ or ()),
            "status": ",".join(self.status or ()),
            "outcome": ",".join(self.outcome or ()),
            "createdFrom": _time(self.created_from, "--from", session),
            "createdTo": _time(self.created_to, "--to", session),
            "idPrefix": self.id_prefix,
            "text": self.text,
            "children": "true" if self.children else None,
        }
        return {name: value for name, value in named.items() if value}


def _time(text: str | None, option: str, session: Session) -> str | None:
    if text is None:
        return None
    try:
        read = moment(text, now=session.surroundings.now(), zone=session.out.zone)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option} is a time such as 2h, 2026-11-25 or 2026-11-25T14:02Z"
        ) from None
    return read.isoformat().replace("+00:00", "Z")


def command(
    app: typer.Typer, name: str, *, panel: str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function a command; a parameter that is a dataclass becomes the options in it.

    The function gets the session first. What it raises becomes a sentence and an exit code.
    """

    def made(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def run(ctx: typer.Context, **given: Any) -> None:
            before = ctx.find_root().obj
            surroundings = before.surroundings if before else Surroundings()
            shared = _merged(_taken(Shared, given), before.shared if before else None)
            for parameter in own:
                if is_dataclass(parameter.annotation):
                    given[parameter.name] = _taken(parameter.annotation, given)
            try:
                function(shared.session(surroundings), **given)
            except StopError as error:
                Output(as_json=shared.as_json).complain(error)
                raise typer.Exit(error.exit_code) from None
            except BrokenPipeError:  # whoever reads the output has seen enough
                forget_output()

        own = [*inspect.signature(function, eval_str=True).parameters.values()][1:]
        _declare(run, own)
        app.command(name, rich_help_panel=panel)(run)
        return function

    return made


def shared_before(ctx: typer.Context, **given: Any) -> None:
    """Keep the options that stand before the command's name."""
    found = ctx.obj if isinstance(ctx.obj, Surroundings) else Surroundings()
    ctx.obj = Before(surroundings=found, shared=_taken(Shared, given))


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What is known when the command's name is read."""

    surroundings: Surroundings
    shared: Shared


def _declare(function: Callable[..., Any], own: list[inspect.Parameter]) -> None:
    """Give a function the signature that the command line is made from."""
    spread = [
        option
        for parameter in own
        for option in (
            _options_of(parameter.annotation) if is_dataclass(parameter.annotation) else [parameter]
        )
    ]
    context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    everything = [context, *(_keyword(option) for option in spread), *_options_of(Shared)]
    function.__signature__ = inspect.Signature(everything)  # type: ignore[attr-defined]
    function.__annotations__ = {"ctx": typer.Context}


def _keyword(parameter: inspect.Parameter) -> inspect.Parameter:
    return parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)


def _options_of(group: Any) -> list[inspect.Parameter]:
    return [*inspect.signature(group, eval_str=True).parameters.values()]


def _taken(group: Any, given: dict[str, Any]) -> Any:
    """Take a group's values out of all that were given."""
    return group(**{option.name: given.pop(option.name) for option in fields(group)})


def _merged(late: Shared, early: Shared | None) -> Shared:
    """What stands behind the command's name wins."""
    if early is None:
        return late
    values: Mapping[str, Any] = {
        option.name: getattr(late, option.name) or getattr(early, option.name)
        for option in fields(Shared)
    }
    return Shared(**values)


_declare(shared_before, [])
