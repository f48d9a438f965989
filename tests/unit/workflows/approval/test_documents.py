"""Documents: kept once, read back as they were, published with who approved."""

import hashlib
import json
from typing import Any, Final

import pytest

from shared.chain import NewEntry, sealed
from shared.models import JsonObject
from tests.support.approvals import FIRST, SECOND, T0, Paper, a_level, opened
from tests.support.shelf import Shelf
from workflows.approval.documents import (
    DocumentDamagedError,
    Publication,
    publication_of,
)
from workflows.approval.entries import EntryKind
from workflows.approval.models import Document

PDF: Final = b"%PDF-1.7 first"
SHA: Final = hashlib.sha256(PDF).hexdigest()
NEWER: Final = hashlib.sha256(b"%PDF-1.7 second").hexdigest()
PLAN: Final[JsonObject] = {"sha256": SHA, "name": "plan.pdf", "mediaType": "application/pdf"}


def a_document(**changes: str) -> Document:
    return Document.from_json({**PLAN, **changes})


def asked_about_a_document(*chain: JsonObject) -> Paper:
    return opened(*chain, kind="document", amount=None, document=PLAN)


def approved() -> Paper:
    """A document that one level has approved."""
    paper = asked_about_a_document()
    paper.decides(FIRST, document_sha256=SHA)
    paper.advance()
    return paper


def published(paper: Paper) -> Publication:
    publication = publication_of("R1", paper.entries)
    assert publication is not None
    return publication


@pytest.fixture
def shelf() -> Shelf:
    """A shelf with the plan on it."""
    shelf = Shelf()
    shelf.keep(PDF, media_type="application/pdf")
    return shelf


def test_the_same_bytes_are_kept_once_whatever_they_are_called_later() -> None:
    shelf = Shelf()

    first, is_new = shelf.keep(PDF, media_type="application/pdf")
    again, is_new_again = shelf.keep(PDF, media_type="text/plain")

    assert (first.sha256, first.size, is_new) == (SHA, len(PDF), True)
    assert (again, is_new_again) == (first, False)


def test_a_document_that_was_changed_where_it_is_kept_is_not_handed_out(shelf: Shelf) -> None:
    shelf.kept.content[SHA] = b"%PDF-1.7 forged"

    with pytest.raises(DocumentDamagedError, match="is not what was kept"):
        shelf.read(SHA)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({}, None),
        ({"sha256": NEWER}, "/document/sha256"),
        ({"mediaType": "text/plain"}, "/document/mediaType"),
    ],
)
def test_a_request_may_name_only_what_was_uploaded(
    changes: dict[str, str], pointer: str | None, shelf: Shelf
) -> None:
    problem = shelf.problem(a_document(**changes))

    assert (problem.pointer if problem else None) == pointer


def test_the_manifest_says_who_approved_and_what_the_log_ended_with() -> None:
    paper = asked_about_a_document(
        a_level(FIRST, SECOND, policy="all"), a_level("boss@example.com")
    )
    paper.decides(SECOND, document_sha256=SHA)
    paper.decides(FIRST, document_sha256=SHA)
    paper.advance()
    paper.decides("boss@example.com", document_sha256=SHA)
    paper.advance()

    publication = published(paper)

    assert [(a.actor, a.level, a.decision) for a in publication.approvals] == [
        (SECOND, 1, "approve"),
        (FIRST, 1, "approve"),
        ("boss@example.com", 2, "approve"),
    ]
    assert publication.log.hash == paper.entries[-1].hash
    assert publication.log.sequence == len(paper.entries)
    assert publication.document == a_document()


def test_what_is_recorded_after_the_end_does_not_change_the_manifest() -> None:
    paper = approved()
    before = published(paper)

    paper.entries += sealed("R1", paper.entries, [NewEntry(kind=EntryKind.PUBLISHED)], at=T0)

    assert published(paper) == before


def test_decisions_on_an_older_version_are_no_approvals_of_this_one() -> None:
    paper = asked_about_a_document(a_level(FIRST, SECOND, policy="all"))
    paper.decides(FIRST, document_sha256=SHA)
    paper.decides(SECOND, "request_changes", document_sha256=SHA)
    paper.advance()
    paper.resubmits(document_sha256=NEWER)
    paper.advance()
    paper.decides(SECOND, document_sha256=NEWER)
    paper.decides(FIRST, document_sha256=NEWER)
    paper.advance()

    publication = published(paper)

    assert publication.document.sha256 == NEWER
    assert [(a.actor, a.round) for a in publication.approvals] == [(SECOND, 2), (FIRST, 2)]


def test_approvals_of_a_round_that_ended_in_silence_do_not_count() -> None:
    silent = a_level(FIRST, SECOND, policy="all", escalateTo=["boss@example.com"])
    paper = asked_about_a_document(silent)
    paper.decides(FIRST, document_sha256=SHA)
    paper.wake()
    paper.decides("boss@example.com", document_sha256=SHA)
    paper.advance()

    assert [a.actor for a in published(paper).approvals] == ["boss@example.com"]


def test_silence_that_was_asked_to_approve_is_told_as_such() -> None:
    paper = asked_about_a_document(a_level(onTimeout="approve"))
    paper.wake()

    assert [(a.actor, a.decision, a.proof) for a in published(paper).approvals] == [
        (None, "auto_approved", "system")
    ]


def running() -> Paper:
    return asked_about_a_document()


def rejected() -> Paper:
    paper = asked_about_a_document()
    paper.decides(FIRST, "reject", document_sha256=SHA)
    paper.advance()
    return paper


def expired() -> Paper:
    paper = asked_about_a_document()
    paper.wake()
    return paper


def without_a_document() -> Paper:
    paper = opened()
    paper.decides(FIRST)
    paper.advance()
    return paper


@pytest.mark.parametrize("paper", [running(), rejected(), expired(), without_a_document()])
def test_only_an_approved_document_is_published(paper: Paper) -> None:
    assert publication_of("R1", paper.entries) is None


def test_a_log_that_has_not_begun_publishes_nothing() -> None:
    assert publication_of("R1", ()) is None


def test_publishing_again_changes_nothing(shelf: Shelf) -> None:
    publication = published(approved())

    assert shelf.publish(publication)
    assert not shelf.publish(publication)

    assert shelf.published.content[f"R1/{SHA}"] == PDF
    assert shelf.published.types[f"R1/{SHA}"] == "application/pdf"
    manifest: dict[str, Any] = json.loads(shelf.published.content[f"R1/{SHA}.manifest.json"])
    assert manifest["approvals"][0]["actor"] == FIRST
    assert len(shelf.published.content) == 2


def test_a_copy_without_its_manifest_is_completed(shelf: Shelf) -> None:
    shelf.published.write_once(f"R1/{SHA}", PDF, content_type="application/pdf")

    assert shelf.publish(published(approved()))


def test_a_damaged_document_is_not_published() -> None:
    empty = Shelf()

    with pytest.raises(DocumentDamagedError):
        empty.publish(published(approved()))

    assert not empty.published.content
