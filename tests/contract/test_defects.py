"""Every test that docs/defects.md names exists, and every defect has its row."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEFECTS = (ROOT / "docs" / "defects.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", DEFECTS)))
ROW = re.compile(r"^\| (\d+) \|.*::test_\w+` \|$", re.MULTILINE)


def test_every_row_names_a_test_and_no_number_is_left_out() -> None:
    numbers = [int(number) for number in ROW.findall(DEFECTS)]

    assert len(numbers) == len(re.findall(r"^\| \d+ \|", DEFECTS, re.MULTILINE))
    assert sorted(numbers) == list(range(1, 105))


@pytest.mark.parametrize(("path", "name"), NAMED, ids=str)
def test_a_named_test_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text("utf-8"))

    tests = (ast.FunctionDef, ast.AsyncFunctionDef)
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, tests)}
