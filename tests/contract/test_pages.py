"""What the pages point at exists: links, files and folders."""

import re
from pathlib import Path
from typing import Final

import pytest

from scripts.layout import ROOT

TOP: Final = "workflows|shared|funchost|wfctl|tests|infra|scripts|benchmarks|docs"
PAGES: Final = sorted(
    page.relative_to(ROOT)
    for pattern in ("*.md", *(f"{folder}/**/*.md" for folder in TOP.split("|")))
    for page in ROOT.glob(pattern)
)
_LINK: Final = re.compile(r"\]\((?!https?:|#|mailto:)([^)\s#]+)(?:#[\w-]+)?\)")
_NAMED: Final = re.compile(rf"`((?:{TOP})/[\w./-]+?)/?(?:::\w+)?`")

_ELSEWHERE: Final = frozenset({"tests/azure-functions-durable/e2e"})  # in another repository


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_and_every_path_on_a_page_leads_somewhere(page: Path) -> None:
    text = (ROOT / page).read_text("utf-8")
    linked = {(ROOT / page).parent / target for target in _LINK.findall(text)}
    named = {ROOT / target for target in {*_NAMED.findall(text)} - _ELSEWHERE}

    gone = {str(path) for path in linked | named if not exists(path)}
    assert gone == set()


def exists(path: Path) -> bool:
    """Whether it is a file, a folder, or a module by its name."""
    return path.exists() or path.with_suffix(".py").exists()


def test_the_pages_are_found() -> None:
    assert {Path("README.md"), Path("workflows/order_processing/README.md")} <= {*PAGES}
