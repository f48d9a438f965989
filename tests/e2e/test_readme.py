"""The README's session, run as it is written: every answer shown there is one that really comes.

An answer in the README may leave members out, and is shorter in time: a command is repeated until
its answer is the one shown. Storage and port are the test's own.
"""

import json
import re
import subprocess
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final, cast

import pytest

from scripts.layout import ROOT
from tests.support.books import Books
from tests.support.funchost import opened_host

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
PORT: Final = "7071"
PATIENCE_S: Final = 60.0

_STEP: Final = re.compile(
    r"^```bash\n(?P<command>.*?)^```\n\n```(?P<kind>http|json|text)\n(?P<answer>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_LINK: Final = re.compile(r"\]\((?!https?:)([^)#]+)\)")


@pytest.fixture(scope="module")
def session(azurite: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[dict[str, str]]:
    """The environment in which the README's commands run, and the port of the app."""
    with Books(azurite, stock={}) as books:
        storage = {"AzureWebJobsStorage": azurite, "APP_DATA_PREFIX": books.prefix}
        settings = {**storage, "SANDBOX_TRANSIT_S": "2"}
        with opened_host(tmp_path_factory.mktemp("readme"), settings) as host:
            yield {**storage, "PORT": str(host.port)}


def run(command: str, session: dict[str, str]) -> str:
    """Run a command of the README in the checkout and return what it prints."""
    port = session["PORT"]
    here = command.replace(f"localhost:{PORT}", f"localhost:{port}")
    here = here.replace("AzureWebJobsStorage=UseDevelopmentStorage=true ", "")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", here],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", **session},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done
    return done.stdout


def differences(shown: Any, real: Any, where: str = "") -> list[str]:
    """Return where an answer is not what is shown of it; the members shown are what counts."""
    if isinstance(shown, dict) and isinstance(real, dict):
        expected = cast("dict[str, Any]", shown)
        members = cast("dict[str, Any]", real)
        return [
            found
            for name, value in expected.items()
            for found in differences(value, members.get(name), f"{where}/{name}")
        ]
    return [] if shown == real else [f"{where}: {shown!r} is shown, {real!r} came"]


def http_differences(shown: str, real: str) -> list[str]:
    """Compare the status line, the headers that are shown, and the members of the body."""
    shown_head, _, shown_body = shown.partition("\n\n")
    head, _, body = real.replace("\r\n", "\n").partition("\n\n")
    lines = {line.casefold() for line in head.split("\n")}
    missing = [f"no {line!r}" for line in shown_head.split("\n") if line.casefold() not in lines]
    return missing + differences(json.loads(shown_body), json.loads(body))


def wrong(kind: str, shown: str, real: str) -> list[str]:
    match kind:
        case "http":
            return http_differences(shown, real)
        case "json":
            return differences(json.loads(shown), json.loads(real))
        case _:
            return [] if shown == real else [f"{real!r} came instead of {shown!r}"]


def test_every_answer_in_the_readme_is_one_that_really_comes(session: dict[str, str]) -> None:
    steps = [match.group("command", "kind", "answer") for match in _STEP.finditer(README)]
    assert len(steps) == README.count("```bash"), "a command has no answer beside it"

    for command, kind, shown in steps:
        give_up_at = time.monotonic() + PATIENCE_S
        while found := wrong(kind, shown, run(command, session)):
            repeats = kind != "http"  # a status changes with time, the answer to a POST does not
            assert repeats and time.monotonic() < give_up_at, "\n".join([command, *found])  # noqa: PT018 - one deadline
            time.sleep(0.5)


def test_every_link_in_the_readme_leads_somewhere() -> None:
    links = _LINK.findall(README)

    assert links
    assert [link for link in links if not (Path(ROOT) / link).exists()] == []


def test_the_readme_can_be_read_in_three_minutes() -> None:
    prose = re.sub(r"^```.*?^```$", "", README, flags=re.DOTALL | re.MULTILINE)

    assert len(prose.split()) < 750  # a reader takes in some 250 words a minute
