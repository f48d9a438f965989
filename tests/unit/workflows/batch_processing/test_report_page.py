"""The report as a file: it stands alone, lets nothing run, and says what the numbers say."""

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta

import azure.functions as func

from workflows.batch_processing.models import Tally
from workflows.batch_processing.report import (
    Failure,
    Pace,
    Report,
    SlowUnit,
    SumLine,
    UnitFigures,
)
from workflows.batch_processing.report_page import page

T0 = datetime(2030, 1, 1, 9, tzinfo=UTC)


def a_report(**changes: object) -> Report:
    whole = Report(
        job_id="J1",
        pipeline="catalogue_import",
        status="completed_with_errors",
        reason="rows_rejected",
        findings=(),
        dry_run=False,
        started_at=T0,
        completed_at=T0 + timedelta(seconds=125),
        made_at=T0 + timedelta(hours=1),
        planned_rows=20_000,
        tally=Tally(rows=20_000, accepted=19_000, rejected=1_000),
        repeated_keys=0,
        rows_per_s=160.0,
        output_bytes=2_048,
        dead_letter_bytes=10,
        units=UnitFigures(planned=4, done=4),
        pace=Pace(begin=T0, width_s=1.0, rows_per_s=(100.0, 220.0)),
        failures=(
            Failure(reason="invalid_row", rows=999),
            Failure(reason="price_too_old", rows=1),
        ),
        slowest=(
            SlowUnit(chunk=3, start=0, count=0, tally=Tally(rows=5_000), starts=2, took_s=3.2),
            SlowUnit(chunk=1, start=9, count=5, tally=Tally(rows=5), starts=1, took_s=1.6),
        ),
        sums=(SumLine(name="stock", read=7, written=8),),
    )
    return whole.model_copy(update=changes)


def html(answer: func.HttpResponse) -> str:
    return answer.get_body().decode()


def test_its_policy_lets_in_its_own_style_and_nothing_else() -> None:
    answer = page(a_report())

    styles = re.findall(r"<style>(.*?)</style>", html(answer), re.DOTALL)
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', html(answer))
    digests = [base64.b64encode(hashlib.sha256(style.encode()).digest()) for style in styles]
    assert policy.replace("&#39;", "'").split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digests[0].decode()}'",
        "img-src data:",
        "form-action 'none'",
        "base-uri 'none'",
    ]
    assert len(styles) == 1
    assert answer.headers["Content-Security-Policy"].startswith(policy.replace("&#39;", "'"))
    assert answer.headers["Content-Security-Policy"].endswith("; frame-ancestors 'none'")


def test_it_needs_nothing_from_outside_and_runs_nothing() -> None:
    shown = html(page(a_report()))

    assert "://" not in shown
    assert "<script" not in shown
    assert not re.search(r"""\s(?:style|on\w+)\s*=""", shown)
    assert not re.search(r"""(?:src|href)="(?!data:,|#)""", shown)


def test_it_can_be_kept_under_a_name() -> None:
    answer = page(a_report())

    assert answer.headers["Content-Disposition"] == 'inline; filename="batch-J1.html"'
    assert (answer.mimetype, answer.charset) == ("text/html", "utf-8")


def test_markup_in_a_finding_is_text() -> None:
    shown = html(page(a_report(findings=("<img src=x>",))))

    assert "&lt;img src=x&gt;" in shown
    assert "<img" not in shown


def test_numbers_are_said_in_words_beside_every_chart() -> None:
    shown = html(page(a_report()))

    assert "Completed with errors" in shown
    assert "2 min 5 s" in shown
    assert "from 100 to 220" in shown
    assert "A column holds what it may not" in shown
    assert "Price too old" in shown
    assert "99.9%" in shown
    assert "1, rows 10 to 14 of it" in shown
    assert "not equal" in shown


def test_what_is_there_can_be_seen_however_little_it_is() -> None:
    shown = html(page(a_report()))

    assert 'class="rejected" width="100.0%"' in shown
    assert 'class="rejected" width="0.75%"' in shown


def test_a_job_that_has_done_nothing_has_a_page() -> None:
    shown = html(
        page(
            a_report(
                status="opening",
                reason=None,
                completed_at=None,
                planned_rows=0,
                tally=Tally(),
                pace=Pace(),
                failures=(),
                slowest=(),
                sums=(),
            )
        )
    )

    assert "No row was given up." in shown
    assert "No chunk has ended yet." in shown
    assert "so far" in shown


def test_a_status_of_the_runtime_is_shown_as_it_is() -> None:
    assert "Terminated" in html(page(a_report(status="terminated", reason=None)))
