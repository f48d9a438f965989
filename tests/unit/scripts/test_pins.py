"""What is pinned, and what the pinning files never say."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import environment
from scripts.layout import AXE_LOCK_FILES, AZURITE_LOCK_FILES, ROOT

_REQUIREMENTS = ("requirements.txt", "requirements-dev.txt", "requirements-infra.txt")


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", _text(name), re.MULTILINE))


def _direct(name: str) -> Iterator[str]:
    for line in _text(name).splitlines():
        if found := re.match(r"[a-z][a-z0-9-]*", line):
            yield found.group()


@pytest.mark.parametrize("name", _REQUIREMENTS)
def test_every_pinned_package_has_a_hash(name: str) -> None:
    blocks = re.findall(r"^[a-z0-9-]+==(?:.*\\\n)*.*\n", _text(name), re.MULTILINE)

    assert len(blocks) == len(_pins(name))
    assert [block for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("name", _REQUIREMENTS)
def test_no_pinning_file_says_where_a_package_is_looked_up(name: str) -> None:
    assert "://" not in _text(name)
    assert "--index" not in _text(name)
    assert "--find-links" not in _text(name)


def test_development_runs_on_the_versions_that_are_deployed() -> None:
    deployed, development = _pins("requirements.txt"), _pins("requirements-dev.txt")

    shared = deployed.keys() & development.keys()

    assert {name: deployed[name] for name in shared} == {name: development[name] for name in shared}


def test_the_worker_and_the_sdk_are_fixed_exactly() -> None:
    pins = _pins("requirements.txt")

    assert pins["azure-functions"] == "2.3.0"
    assert pins["azure-functions-durable"] == "1.7.0"
    assert pins["azure-functions-runtime"] == "1.3.0"


@pytest.mark.parametrize(
    "name", ["requirements.in", "requirements-dev.in", "requirements-infra.in"]
)
def test_every_direct_dependency_is_explained(name: str) -> None:
    explained = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")

    assert [package for package in _direct(name) if f"`{package}`" not in explained] == []


@pytest.mark.parametrize(
    ("lock_files", "package", "version"),
    [(AZURITE_LOCK_FILES, "azurite", "3.35.0"), (AXE_LOCK_FILES, "axe-core", "4.14.1")],
)
def test_what_npm_installs_is_locked_whole_and_without_addresses(
    lock_files: Path, package: str, version: str
) -> None:
    lock = json.loads((lock_files / "package-lock.json").read_bytes())
    packages = {path: package for path, package in lock["packages"].items() if path}

    assert packages[f"node_modules/{package}"]["version"] == version
    assert [path for path, package in packages.items() if "integrity" not in package] == []
    assert [path for path, package in packages.items() if "resolved" in package] == []


def test_uv_is_installed_from_its_own_pin_alone() -> None:
    pin = environment.uv_requirement()

    assert re.fullmatch(r"uv==[\d.]+(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n", pin)
