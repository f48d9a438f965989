"""The page that says what has been checked names tests that are there."""

import re

from scripts.layout import ROOT

PAGE = ROOT / "docs" / "fidelity.md"


def test_every_test_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE.read_text(encoding="utf-8")))

    assert len(named) > 30
    assert {name for name in named if not (ROOT / name).is_file()} == set()


def test_every_difference_has_a_number_of_its_own() -> None:
    numbers = re.findall(r"^\| (\d+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(map(int, numbers)) == list(range(1, len(numbers) + 1))
