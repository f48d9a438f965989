"""What is taken as a document, and what is refused before anything is kept."""

import asyncio
import hashlib
import json
from typing import Any, Final

import azure.functions as func
import pytest

from tests.support.shelf import Shelf
from workflows.approval import http_documents
from workflows.approval.documents import MOST_BYTES

PDF: Final = b"%PDF-1.7 plan"
HEADERS: Final = {"Content-Type": "application/pdf", "X-Document-Name": "plan.pdf"}


@pytest.fixture(autouse=True)
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    shelf = Shelf()
    monkeypatch.setattr(http_documents, "document_store", lambda: shelf)
    return shelf


def upload(body: bytes = PDF, **headers: str) -> tuple[func.HttpResponse, dict[str, Any]]:
    """Send a document; header names are written with underscores."""
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    request = func.HttpRequest(
        method="POST",
        url="http://localhost/api/approvals/documents",
        headers={**HEADERS, **said},
        body=body,
    )
    handler = http_documents.upload_document.build().get_user_function()
    response: func.HttpResponse = asyncio.run(handler(request))
    return response, json.loads(response.get_body())


def test_a_document_is_known_by_its_hash() -> None:
    response, answer = upload()

    assert response.status_code == 201
    assert answer == {
        "sha256": hashlib.sha256(PDF).hexdigest(),
        "size": len(PDF),
        "name": "plan.pdf",
        "mediaType": "application/pdf",
    }


def test_the_same_document_again_is_found(shelf: Shelf) -> None:
    first = upload()[1]
    response, again = upload(X_Document_Name="other.pdf")

    assert response.status_code == 200
    assert again == {**first, "name": "other.pdf"}
    assert len(shelf.kept.content) == 1


def test_a_name_may_be_in_any_script() -> None:
    assert upload(X_Document_Name="%C3%9Cbersicht%20%E6%9D%B1%E4%BA%AC.pdf")[1]["name"] == (
        "Übersicht 東京.pdf"
    )


@pytest.mark.parametrize(
    "name",
    ["", "%FF", "a%0Ab", "a%00b", "%E2%80%AEfdp.exe", "x" * 201, "4111%201111%201111%201111"],
    ids=["none", "not UTF-8", "two lines", "control", "turned round", "too long", "card number"],
)
def test_a_name_that_is_none_is_refused_and_not_repeated(name: str, shelf: Shelf) -> None:
    response, answer = upload(X_Document_Name=name)

    assert response.status_code == 400
    assert answer["errors"][0]["pointer"] == "X-Document-Name"
    assert "4111" not in response.get_body().decode()
    assert not shelf.kept.content


@pytest.mark.parametrize(
    "declared", ["", "text/html", "image/svg+xml", "application/octet-stream", "application/pd f"]
)
def test_only_listed_media_types_are_kept(declared: str, shelf: Shelf) -> None:
    response, answer = upload(Content_Type=declared)

    assert response.status_code == 415
    assert "application/pdf" in response.headers["Accept"]
    assert answer["type"].endswith("unsupported-media-type")
    assert not shelf.kept.content


def test_parameters_of_a_media_type_do_not_matter() -> None:
    assert upload(b"text", Content_Type="Text/Plain; charset=utf-8")[1]["mediaType"] == "text/plain"


@pytest.mark.parametrize("body", [b"", b"<html>", b"MZ"])
def test_a_document_is_what_it_is_declared_to_be(body: bytes, shelf: Shelf) -> None:
    response, answer = upload(body)

    assert response.status_code == 400
    assert answer["errors"][0]["code"] == "content-mismatch"
    assert not shelf.kept.content


def test_an_empty_text_is_no_document() -> None:
    assert upload(b"", Content_Type="text/plain")[0].status_code == 400


def test_compressed_bodies_are_refused() -> None:
    assert upload(Content_Encoding="gzip")[0].status_code == 415


def test_twenty_mebibytes_are_a_document_and_one_byte_more_is_not(shelf: Shelf) -> None:
    largest = PDF.ljust(MOST_BYTES, b" ")

    assert upload(largest)[0].status_code == 201
    assert upload(largest + b" ")[0].status_code == 413
    assert len(shelf.kept.content) == 1
