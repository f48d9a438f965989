"""The smallest durable app there is, started as a user would start it."""

from pathlib import Path

import pytest

from tests.e2e.host.app_host import APPS, a_copy, served
from tests.support.funchost import INSTANCES

pytestmark = pytest.mark.e2e


def test_function_chaining_runs_from_the_first_request_to_its_output(tmp_path: Path) -> None:
    with served(APPS / "chaining", tmp_path) as host:
        answer = host.request("POST", "/api/orchestrators/greet_cities")
        instance_id = answer.json["id"]
        status = host.ended(instance_id)

    assert answer.status == 202
    assert answer.headers["location"] == answer.json["statusQueryGetUri"]
    assert f"{INSTANCES}/{instance_id}" in answer.headers["location"]
    assert status["output"] == [
        "Good morning, Lisbon!",
        "Good morning, Nairobi!",
        "Good morning, Osaka!",
    ]


def test_a_host_json_with_a_second_document_is_served_with_a_warning(tmp_path: Path) -> None:
    app = a_copy("chaining", tmp_path / "app")
    (app / "host.json").write_text('{\n  "version": "2.0"\n}{\n  "version": "2.0"\n}')

    with served(app, tmp_path) as host:
        output = host.output("greet_cities")

    assert output[0] == "Good morning, Lisbon!"
    assert any(f"{app / 'host.json'}:3:2: a second document begins" in it for it in host.lines)


def test_a_host_json_with_comments_is_served(tmp_path: Path) -> None:
    app = a_copy("chaining", tmp_path / "app")
    (app / "host.json").write_text('// for people\n{"version": "2.0"} /* as Azure reads it */\n')

    with served(app, tmp_path) as host:
        assert host.output("greet_cities")[2] == "Good morning, Osaka!"


def test_the_start_shows_every_function_and_how_to_reach_it(tmp_path: Path) -> None:
    with served(APPS / "chaining", tmp_path) as host:
        lines = host.lines

    url = f"http://localhost:{host.port}/api/orchestrators/{{functionName}}"
    assert f"\thttp_start:  {url}" in lines
    assert "\tgreet_cities: orchestrationTrigger" in lines
    assert "\tgreet: activityTrigger" in lines
