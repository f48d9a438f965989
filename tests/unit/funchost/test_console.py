"""What the host's log looks like on a console."""

import io
import json
import logging
from collections.abc import Iterator, Mapping

import pytest

from funchost import console
from funchost.categories import OWN
from funchost.settings.errors import SettingsError
from funchost.settings.levels import LogLevels
from funchost.settings.reader import parse
from funchost.settings.section import Section


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    names = [*console.QUIET, *console.MUTE, *OWN, "azure.core"]
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)


def test_a_record_is_one_readable_line() -> None:
    stream = io.StringIO()
    console.configure(verbose=False, stream=stream)

    logging.getLogger("funchost.x").info("Hello %s", "world")
    logging.getLogger("funchost.x").debug("unseen")

    line = stream.getvalue()
    assert line.endswith("  INFO     Hello world\n")
    assert line.count("\n") == 1
    assert "\x1b" not in line


def test_verbose_shows_details_and_where_they_come_from() -> None:
    stream = io.StringIO()
    console.configure(verbose=True, stream=stream)

    logging.getLogger("funchost.x").debug("seen")

    assert "DEBUG    funchost.x: seen" in stream.getvalue()


def test_colours_are_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    console.configure(verbose=False, stream=terminal)

    logging.getLogger("funchost.x").error("bad")

    assert terminal.getvalue().startswith("\x1b[31m")
    assert terminal.getvalue().endswith("\x1b[0m\n")


def test_colours_may_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    console.configure(verbose=False, stream=terminal)

    logging.getLogger("funchost.x").error("bad")

    assert "\x1b" not in terminal.getvalue()


def test_a_console_that_does_not_know_a_letter_gets_its_number() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    console.configure(verbose=False, stream=stream)

    logging.getLogger("funchost.x").info("a → b")

    assert raw.getvalue().rstrip().endswith(b"a \\u2192 b")


def test_what_is_logged_cannot_steer_the_terminal() -> None:
    stream = io.StringIO()
    console.configure(verbose=False, stream=stream)

    logging.getLogger("funchost.x").info("a\x1b[2Jb\rc é →\td")

    assert stream.getvalue().endswith("a\\x1b[2Jb\\rc é →\td\n")


def test_libraries_may_warn_but_not_chatter() -> None:
    stream = io.StringIO()
    console.configure(verbose=False, stream=stream)

    logging.getLogger("azure.functions").info("chatter")
    logging.getLogger("azure.functions").warning("careful")
    logging.getLogger("aiohttp.server").error("malformed request")

    assert stream.getvalue().count("\n") == 1
    assert "careful" in stream.getvalue()


def shown(rules: Mapping[str, str], *, verbose: bool = False) -> set[str]:
    """Log at every level by loggers of every kind; return which lines came out."""
    section = Section(parse(json.dumps({"logging": {"logLevel": rules}}), source="host.json"))
    stream = io.StringIO()
    console.configure(verbose=verbose, stream=stream, levels=LogLevels.of(section))
    loggers = {
        "own": "funchost.http",
        "durable": "funchost.dispatch.lanes",
        "queue": "funchost.triggers.queues",
        "run": "Function.pay",
        "user": "Function.pay.User",
        "other": "Function.say.User",
        "sdk": "azure.core",
    }
    for short, name in loggers.items():
        for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
            logging.getLogger(name).log(level, "%s:%s", short, logging.getLevelName(level)[0])
    return {line.split()[-1] for line in stream.getvalue().splitlines()}


WARNINGS = {f"{short}:W" for short in ("own", "durable", "queue", "run", "user", "other", "sdk")}
ERRORS = {line.replace("W", "E") for line in WARNINGS}
INFOS = {line.replace("W", "I") for line in WARNINGS} - {"sdk:I"}


@pytest.mark.parametrize(
    ("rules", "lines"),
    [
        ({}, INFOS | WARNINGS | ERRORS),
        ({"default": "warning"}, WARNINGS | ERRORS),
        ({"default": "None"}, set[str]()),
        ({"default": "Error", "Function": "Warning"}, ERRORS | {"run:W", "user:W", "other:W"}),
        (
            {"default": "Error", "function.pay": "None", "Function.pay.User": "Trace"},
            ERRORS - {"run:E"} | {"user:D", "user:I", "user:W"},
        ),
        (
            {"default": "Error", "Host": "Warning", "Host.Triggers.DurableTask": "Debug"},
            ERRORS | {"own:W", "queue:W", "durable:D", "durable:I", "durable:W"},
        ),
        ({"default": "Error", "Azure.Core": "Information"}, ERRORS | {"sdk:I", "sdk:W"}),
    ],
)
def test_host_json_says_what_is_wanted_of_which_category(
    rules: Mapping[str, str], lines: set[str]
) -> None:
    assert shown(rules) == lines


def test_verbose_shows_all_of_the_host_itself_whatever_host_json_says() -> None:
    lines = shown({"default": "Error", "Host": "None", "Function.pay": "Error"}, verbose=True)

    assert {"own:D", "durable:D", "queue:D", "run:D", "other:D"} <= lines
    assert "user:W" not in lines


def test_a_level_that_does_not_exist_is_refused_with_its_place() -> None:
    with pytest.raises(SettingsError, match=r"host\.json:1:\d+: .*Function\.pay: must be one of"):
        shown({"default": "Error", "Function.pay": "Verbose"})


def test_a_stack_is_shown_with_its_record() -> None:
    stream = io.StringIO()
    console.configure(verbose=False, stream=stream)

    try:
        int("deep down")
    except ValueError:
        logging.getLogger("funchost.x").exception("It broke.")

    assert "Traceback" in stream.getvalue()
    assert "ValueError: invalid literal" in stream.getvalue()
