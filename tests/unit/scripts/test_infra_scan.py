"""What the scan of infra/ counts as a problem: also what its own exit code passes over."""

import json
from pathlib import Path

import pytest

from scripts.infra import content, problems


def said(*, passed: int = 3, parsing_errors: int = 0, failed: int = 0) -> str:
    finding = {
        "check_id": "CKV_1",
        "check_name": "Ensure that it is shut",
        "file_path": "/modules/a.bicep",
        "file_line_range": [7, 9],
        "resource": "an.account",
    }
    unreadable = ["/modules/b.bicep"] * parsing_errors
    return json.dumps(
        {
            "results": {"failed_checks": [finding] * failed, "parsing_errors": unreadable},
            "summary": {"passed": passed, "failed": failed, "parsing_errors": parsing_errors},
        }
    )


def test_a_clean_scan_has_no_problems() -> None:
    assert list(problems(said(), "")) == []


def test_a_finding_is_told_with_its_place() -> None:
    assert list(problems(said(failed=1), "")) == [
        "CKV_1 /modules/a.bicep:7 an.account: Ensure that it is shut"
    ]


@pytest.mark.parametrize(
    ("output", "errors", "told"),
    [
        (said(parsing_errors=1), "", "the scan cannot read /modules/b.bicep"),
        (said(), "[MainThread] [ERROR]  Failed to run check", "a check of the scan broke"),
        (said(passed=0), "", "the scan checked nothing"),
        ('{"passed": 0, "failed": 0, "parsing_errors": 0}', "", "the scan checked nothing"),
        ("Traceback", "", "the scan said no JSON"),
    ],
)
def test_what_was_not_judged_is_a_problem(output: str, errors: str, told: str) -> None:
    assert [problem for problem in problems(output, errors) if problem.startswith(told)]


def test_a_verdict_holds_for_these_very_files(tmp_path: Path) -> None:
    (tmp_path / "main.bicep").write_text("param a string")
    before = content(tmp_path)

    (tmp_path / "main.bicep").write_text("param b string")

    assert content(tmp_path) != before
