"""When the environment is taken for current, and what is said when it cannot be made."""

from pathlib import Path

import pytest

from scripts import environment
from scripts.console import DevError


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    for name in environment.REQUIREMENTS:
        (tmp_path / name).write_text("one==1.0\n", encoding="utf-8")
    return tmp_path


def test_the_same_pins_have_the_same_fingerprint(requirements: Path) -> None:
    assert environment.fingerprint(requirements) == environment.fingerprint(requirements)


@pytest.mark.parametrize("name", environment.REQUIREMENTS)
def test_another_pin_is_another_fingerprint(requirements: Path, name: str) -> None:
    before = environment.fingerprint(requirements)

    (requirements / name).write_text("one==1.1\n", encoding="utf-8")

    assert environment.fingerprint(requirements) != before


def test_missing_uv_is_a_sentence(requirements: Path) -> None:
    with pytest.raises(DevError, match="does not pin uv"):
        environment.uv_requirement(requirements)


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ("error: Failed to fetch: `x`\n dns error", "The Python package index is not reachable"),
        ("Could not find a version\nERROR: No matching distribution found for x", "not reachable"),
        ("error: Hash mismatch for `x==1.0`", "does not have the hash that is pinned"),
        ("No module named ensurepip", "This Python has no pip"),
        ("No space left on device", "install.log says why"),
    ],
)
def test_a_failed_installation_is_told_in_one_sentence(told: str, sentence: str) -> None:
    assert sentence in environment.reason(told)
    assert "\n" not in environment.reason(told)
