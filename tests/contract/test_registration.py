"""Names used are names registered, the root only composes, and the stubs tell the truth."""

import ast
import functools
import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import function_app

ROOT = Path(__file__).parents[2]
SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

# Indexes the app as the Functions host does: with Microsoft's worker library, which keeps one app
# per process, hence the process of its own.
INDEXER = """
import asyncio, json, sys
from pathlib import Path
from funchost.worker.library import Library

found = asyncio.run(Library().load(Path(sys.argv[1])))
print(json.dumps([function.name for function in found]))
"""


@functools.cache
def functions() -> dict[str, Any]:
    """Every function of function_app.py, by name; the SDK lists them only once."""
    return {function.get_function_name(): function for function in function_app.app.get_functions()}


@pytest.fixture
def registered() -> dict[str, str]:
    """The trigger of every function, by name."""
    return {name: function.get_trigger().type for name, function in functions().items()}


def constants() -> dict[str, dict[str, str]]:
    """Every domain's declared names: constant and value."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted((ROOT / "workflows").glob("*/names.py")):
        module = importlib.import_module(f"workflows.{path.parent.name}.names")
        members: dict[str, str] = vars(module)
        found[path.parent.name] = {
            name: value
            for name, value in members.items()
            if name.isupper() and not name.startswith("_")
        }
    return found


def declared() -> set[str]:
    return {
        value
        for names in constants().values()
        for name, value in names.items()
        if not name.endswith(("_TABLE", "_CONTAINER", "_OPERATION"))
    }


# Registered when there is a setting for it.
OFF_BY_DEFAULT = {"batch_processing_start_export"}


def test_every_declared_name_is_registered_and_every_registered_name_is_declared(
    registered: dict[str, str],
) -> None:
    assert declared() - OFF_BY_DEFAULT == set(registered)


def test_names_are_snake_case_and_begin_with_their_domain(registered: dict[str, str]) -> None:
    domains = tuple(f"{domain}_" for domain in constants())

    for name in registered:
        assert SNAKE_CASE.fullmatch(name)
        assert name.startswith(domains)


@pytest.mark.parametrize("domain", ["order_processing", "delivery_tracking", "approval"])
def test_every_activity_of_a_domain_is_called_by_its_orchestrator(
    domain: str, registered: dict[str, str]
) -> None:
    by_value = {value: name for name, value in constants()[domain].items()}
    told = "".join(
        module.read_text("utf-8")
        for module in (ROOT / "workflows" / domain).rglob("*.py")
        if module.stem not in {"activities", "vocabulary"}
    )

    activities = [
        name
        for name, trigger in registered.items()
        if trigger == "activityTrigger" and name.startswith(domain)
    ]
    assert activities
    for activity in activities:
        assert f"names.{by_value[activity]}" in told


def test_the_composition_root_imports_blueprints_and_registers_them_and_nothing_else() -> None:
    tree = ast.parse((ROOT / "function_app.py").read_text("utf-8"))
    imported = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    parts = (
        r"activities|entities|http|http_\w+|increment|intake|orchestrator|pages|pages_\w+|repeats"
        r"|retention|schedule|shard|sweep|watchdog|workflow_type"
    )
    pattern = re.compile(rf"workflows\.\w+\.(\w+\.)?({parts})")
    checks = {
        "workflows.saga.definitions",
        "shared.registered.activity_names",
        "shared.registered.http_functions",
        "shared.openapi.PUBLISHED",
        "shared.operations.types.TYPES",
        "shared.telemetry.following.follow",
    }
    assert all(pattern.fullmatch(module) for module in imported - checks)
    assert {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } == {"azure.durable_functions"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def test_every_part_of_a_domain_that_registers_functions_is_in_the_composition_root() -> None:
    root = (ROOT / "function_app.py").read_text("utf-8")

    for path in sorted((ROOT / "workflows").rglob("*.py")):
        if "blueprint = df.Blueprint()" in path.read_text("utf-8"):
            assert f"{path.parent.name}_{path.stem}" in root


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "more"),
    [({}, set[str]()), ({"BATCH_EXPORT_SCHEDULE": "0 0 2 * * *"}, OFF_BY_DEFAULT)],
    ids=["as it is", "with exports by themselves"],
)
def test_the_app_is_indexed_by_the_real_worker(
    registered: dict[str, str], tmp_path: Path, settings: dict[str, str], more: set[str]
) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "1",
        **settings,
    }

    indexed = subprocess.run(
        [sys.executable, "-c", INDEXER, str(ROOT)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert indexed.returncode == 0, indexed.stderr
    assert set(json.loads(indexed.stdout)) == set(registered) | more


STUBS = sorted((ROOT / "typings").rglob("*.pyi"))


@pytest.mark.parametrize("stub", STUBS, ids=lambda stub: str(stub.relative_to(ROOT)))
def test_every_stubbed_name_exists_at_run_time(stub: Path) -> None:
    dotted = ".".join(stub.relative_to(ROOT / "typings").with_suffix("").parts)
    module = importlib.import_module(dotted.removesuffix(".__init__"))

    for node in ast.parse(stub.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found = getattr(module, node.name)
            for member in node.body:
                if isinstance(member, ast.FunctionDef):
                    assert hasattr(found, member.name), f"{node.name}.{member.name}"
