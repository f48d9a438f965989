"""The description of the API: complete, valid, and true to what the models accept."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

import function_app
from shared.access import RULES
from shared.descriptions import PROBLEM_JSON
from shared.openapi import PUBLISHED
from shared.openapi.problems import Problem
from shared.registered import http_functions

ROOT = Path(__file__).parents[2]
FUNCTIONS = http_functions(function_app.app)
DOCUMENT = PUBLISHED.document()
OPERATIONS: list[tuple[str, str, dict[str, Any]]] = [
    (path, method.upper(), operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


def test_it_is_valid() -> None:
    validate(DOCUMENT)

    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert DOCUMENT["info"]["version"] == version


def test_every_registered_route_is_in_it_and_nothing_else() -> None:
    registered = {
        (re.sub(r"\{\*?(\w+)\}", r"{\1}", f"/api/{function.route}"), method)
        for function in FUNCTIONS
        for method in function.methods
    }

    assert {(path, method) for path, method, _ in OPERATIONS} == registered
    identifiers = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(identifiers)) == len(identifiers)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_every_function_says_what_it_is_and_what_it_answers(function: Any) -> None:
    assert function.endpoint is not None
    assert function.endpoint.about
    told = [
        operation
        for _, _, operation in OPERATIONS
        if operation["operationId"].startswith(function.name)
    ]

    for operation in told:
        assert operation["summary"]
        assert any(status.startswith(("2", "3")) for status in operation["responses"])
        assert "500" in operation["responses"]


def test_whatever_changes_something_says_what_sending_it_again_does() -> None:
    silent = {
        operation["operationId"]
        for _, method, operation in OPERATIONS
        if method in CHANGING and "Sent again: " not in operation["description"]
    }

    assert not silent


def test_what_an_operation_asks_for_is_what_the_table_asks_for() -> None:
    for _, _, operation in OPERATIONS:
        rule = next(rule for one, rule in RULES.items() if one == operation["x-permission"])
        schemes = {name for requirement in operation["security"] for name in requirement}

        assert ("functionKey" in schemes) == rule.needs_key
        assert ("identity" in schemes) == rule.needs_identity
        roles = {role for one in operation["security"] for role in one.get("identity", [])}
        assert roles == set(rule.roles)


def test_every_example_is_accepted_by_its_model() -> None:
    checked = 0
    for function in FUNCTIONS:
        operation = function.endpoint.operation if function.endpoint else None
        if operation and operation.example is not None:
            operation.request.from_json(operation.example)
            checked += 1

    assert checked > 10


def test_every_link_leads_to_an_operation_with_those_parameters() -> None:
    by_id = {operation["operationId"]: operation for _, _, operation in OPERATIONS}
    links = [
        link
        for operation in by_id.values()
        for answered in operation["responses"].values()
        for link in answered.get("links", {}).values()
    ]

    assert links
    for link in links:
        target = by_id[link["operationId"]]
        assert set(link["parameters"]) <= {one["name"] for one in target["parameters"]}


def test_refusals_are_problems_and_their_examples_fit() -> None:
    seen: set[str] = set()
    for _, _, operation in OPERATIONS:
        for status, answered in operation["responses"].items():
            for media_type, content in answered.get("content", {}).items():
                if media_type == PROBLEM_JSON:
                    for example in content["examples"].values():
                        problem = Problem.from_json(example["value"])
                        assert str(problem.status) == status
                        seen.add(problem.type)

    assert len(seen) > 20


def test_it_quotes_no_secret_and_no_address_of_this_machine() -> None:
    text = json.dumps(DOCUMENT)

    assert not re.search(r"AccountKey|/runtime/webhooks|code=|127\.0\.0\.1|localhost", text)
