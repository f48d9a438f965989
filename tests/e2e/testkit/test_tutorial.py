"""docs/testing.md keeps its word: every block of Python on the page runs."""

import re
from pathlib import Path

import pytest

from funchost.testing import BlockingHost, Faults
from scripts.layout import ROOT
from tests.support.inner_pytest import run_pytest

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PAGE = (ROOT / "docs" / "testing.md").read_text("utf-8")
BLOCK = re.compile(r"^```python(?P<path>[^\n]*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
HOST_JSON = '{"version": "2.0"}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write the page's files, each under the name that its block has."""
    for block in BLOCK.finditer(PAGE):
        path = tmp_path / block["path"].strip()
        assert path.suffix == ".py", f"a block without a file: {block['code'][:60]}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(block["code"], encoding="utf-8")
        (path.parent / "host.json").write_text(HOST_JSON, encoding="utf-8")
    return tmp_path


def test_every_block_of_the_page_runs(folder: Path) -> None:
    run_pytest(Path("several"), cwd=folder)


def test_the_page_calls_nothing_that_is_not_there() -> None:
    named = set(re.findall(r"`faults\.(\w+)\(", PAGE))

    assert named == {name for name in vars(Faults) if name in named}
    assert {"until_done", "advance", "at_rest", "freeze", "flow"} <= set(vars(BlockingHost))
