"""What the host's log looks like on a console."""

import io
import logging
from collections.abc import Iterator

import pytest

from funchost import console


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    names = [*console.QUIET, *console.MUTE]
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


def test_a_stack_is_shown_with_its_record() -> None:
    stream = io.StringIO()
    console.configure(verbose=False, stream=stream)

    try:
        int("deep down")
    except ValueError:
        logging.getLogger("funchost.x").exception("It broke.")

    assert "Traceback" in stream.getvalue()
    assert "ValueError: invalid literal" in stream.getvalue()
