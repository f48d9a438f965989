"""azure.yaml and the workflows: pinned, without secrets, and about files that exist."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.support.bicep import INFRA, ROOT, BicepFile

WORKFLOWS: Final = tuple(sorted((ROOT / ".github" / "workflows").glob("*.yml")))
PINNED: Final = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
FROM: Final = re.compile(r"# From github\.com/[\w./-]+, tag v\d+\.\d+\.\d+$")

every_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


@every_workflow
def test_an_action_is_pinned_by_commit_and_says_where_that_is_from(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    used = [
        (before.strip(), line.strip().removeprefix("- "))
        for before, line in pairwise(lines)
        if "uses: " in line and "uses: $/" not in line
    ]

    assert [line for _, line in used if not PINNED.fullmatch(line)] == []
    assert [before for before, _ in used if not FROM.fullmatch(before)] == []
    for before, line in used:
        assert line.rpartition("# ")[2] == before.rpartition("tag ")[2]


def test_one_action_has_one_pin_everywhere() -> None:
    pins = {
        line.strip().removeprefix("- ")
        for path in WORKFLOWS
        for line in path.read_text("utf-8").splitlines()
        if re.search(r"uses: \w", line)
    }

    assert len(pins) == len({pin.partition("@")[0] for pin in pins})


@every_workflow
def test_a_job_may_do_what_it_needs_and_a_workflow_nothing(path: Path) -> None:
    document = load(path)

    assert document["permissions"] == {}
    for name, job in document["jobs"].items():
        assert job["permissions"], name
        assert set(job["permissions"].values()) <= {"read"} or job["permissions"] == {
            "contents": "read",
            "id-token": "write",
            "actions": "read",
        }
        assert "uses" in job or job["timeout-minutes"] <= 120


@every_workflow
def test_no_pipeline_needs_a_secret(path: Path) -> None:
    assert "secrets." not in path.read_text("utf-8")


def test_production_comes_after_development_and_each_is_an_environment() -> None:
    jobs = load(ROOT / ".github" / "workflows" / "deploy.yml")["jobs"]
    steps = load(ROOT / ".github" / "workflows" / "deploy-to.yml")["jobs"]["deploy"]

    assert jobs["development"]["needs"] == "package"
    assert jobs["production"]["needs"] == "development"
    assert steps["environment"] == "${{ inputs.environment }}"
    for job in ("development", "production"):
        stage = jobs[job]["with"]["environment"]
        assert (INFRA / f"main.{stage}.bicepparam").is_file()
    assert jobs["production"]["with"]["whole-suite"] is False  # its tests would place orders


def test_a_deployment_is_shown_gated_proved_and_taken_back() -> None:
    steps = load(ROOT / ".github" / "workflows" / "deploy-to.yml")["jobs"]["deploy"]["steps"]
    text = [str(step.get("run", "")) for step in steps]

    def place(part: str) -> int:
        return next(index for index, run in enumerate(text) if part in run)

    assert (
        place("what-if")
        < place("sub create")
        < place("scripts.deployed drained")
        < place("config-zip")
        < place("scripts.deployed smoke")
        < place("./dev test --against")
        < place("old/package.zip")
    )
    assert steps[-1]["if"].startswith("failure()")


def test_what_a_deployment_reads_is_what_the_template_puts_out() -> None:
    outputs = {output.name for output in BicepFile(INFRA / "main.bicep").outputs}
    text = (ROOT / ".github" / "workflows" / "deploy-to.yml").read_text("utf-8")

    assert set(re.findall(r"\.([A-Z_]{6,})\.value", text)) <= outputs
    assert "FUNCTION_APP_URL" in outputs


def test_every_variable_that_production_reads_is_handed_over() -> None:
    text = (ROOT / ".github" / "workflows" / "deploy-to.yml").read_text("utf-8")
    read = set(
        re.findall(
            r"readEnvironmentVariable\('(\w+)'", (INFRA / "main.prod.bicepparam").read_text("utf-8")
        )
    )

    assert read
    assert read == {name for name in read if f"      {name}: ${{{{ vars.{name} }}}}" in text}


def test_azd_deploys_the_whole_app_with_the_parameters_of_development() -> None:
    document = load(ROOT / "azure.yaml")

    assert document["services"] == {
        "app": {"project": ".", "language": "python", "host": "function"}
    }
    module = f"{document['infra']['module']}.bicepparam"
    assert (ROOT / document["infra"]["path"] / module).is_file()
    assert "'azd-service-name': 'app'" in (INFRA / "modules" / "function-app.bicep").read_text()
    assert BicepFile(INFRA / "main.bicep").keys_of("tags") >= {"azd-env-name"}
