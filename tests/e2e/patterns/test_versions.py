"""Orchestrations of an older version go on, of a newer one are refused."""

import pytest

from tests.e2e.host.app_host import AppHost

pytestmark = pytest.mark.e2e


def ended(versions: AppHost, name: str, query: str = "") -> tuple[str, object]:
    instance_id = versions.call("POST", f"/api/start/{name}{query}").json["id"]
    status = versions.ended(instance_id)
    return status["runtimeStatus"], status["output"]


def test_what_is_started_without_a_version_has_the_apps_own(versions: AppHost) -> None:
    assert ended(versions, "greeting") == ("Completed", ["2.0", "Hello!"])


def test_what_was_started_under_an_older_version_runs_the_old_way(versions: AppHost) -> None:
    assert ended(versions, "greeting", "?version=1.0") == ("Completed", ["1.0", "Good day!"])


def test_a_sub_orchestration_has_the_apps_version_unless_another_is_named(
    versions: AppHost,
) -> None:
    children = [["2.0", "Hello!"], ["1.0", "Good day!"]]

    assert ended(versions, "family") == ("Completed", ["2.0", *children])
    assert ended(versions, "family", "?version=1.5") == ("Completed", ["1.5", *children])


def test_what_needs_a_newer_version_fails_and_says_so(versions: AppHost) -> None:
    status, output = ended(versions, "greeting", "?version=3.0")

    assert status == "Failed"
    assert "'3.0' does not match the worker version '2.0'" in str(output)
