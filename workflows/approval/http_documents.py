"""The way in and out for documents: upload one before it is asked about, read one to decide.

Who may read which is decided here; what is kept, and how, in documents. Requests come in by http.
"""

import asyncio
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

import azure.durable_functions as df
import azure.functions as func
from pydantic import TypeAdapter, ValidationError

from shared.access import Permission
from shared.durable import InstanceId
from shared.endpoints import endpoint
from shared.errors import (
    BodyTooLargeError,
    FieldProblem,
    IdentityRequiredError,
    InstanceUnknownError,
    InvalidRequestError,
    UnsupportedMediaTypeError,
)
from shared.http import answer, header
from shared.identity import principal_of
from shared.pages import attachment
from shared.personal import PlainText
from workflows.approval import api, names
from workflows.approval.documents import (
    MEDIA_TYPES,
    MOST_BYTES,
    KeptDocument,
    document_store,
    versions_of,
)
from workflows.approval.gateways import approvals
from workflows.approval.records import Dossier
from workflows.approval.views import may_see

NAME_HEADER: Final = "X-Document-Name"
_ACCEPT: Final = ", ".join(MEDIA_TYPES)
_NAME: Final = TypeAdapter[str](PlainText)

blueprint = df.Blueprint()


@blueprint.function_name(names.UPLOAD_DOCUMENT)
@blueprint.route(route="approvals/documents", methods=["POST"])
@endpoint(Permission.START_WORKFLOW, api.UPLOAD_DOCUMENT)
async def upload_document(req: func.HttpRequest) -> func.HttpResponse:
    """Keep the body as a document: 201 when it is new, 200 when the same bytes are kept.

    The answer's ``sha256``, ``name`` and ``mediaType`` are what a request names it by. The platform
    hands over the body in one piece, so it is hashed from memory, in a thread.
    """
    media_type = _media_type(req)
    name = _name(req)
    content = req.get_body()
    if len(content) > MOST_BYTES:
        raise BodyTooLargeError(f"a document has at most {MOST_BYTES} bytes")
    if not content.startswith(MEDIA_TYPES[media_type]) or not content:
        raise InvalidRequestError(
            "the document is not what it is declared to be",
            [
                FieldProblem(
                    pointer="", code="content-mismatch", detail=f"does not begin as {media_type}"
                )
            ],
        )
    kept, is_new = await asyncio.to_thread(_keep, content, media_type)
    return answer(
        {"sha256": kept.sha256, "size": kept.size, "name": name, "mediaType": kept.media_type},
        status=HTTPStatus.CREATED if is_new else HTTPStatus.OK,
    )


@blueprint.function_name(names.GET_DOCUMENT)
@blueprint.route(
    route="approvals/{instanceId}/documents/{sha256}",
    methods=["GET"],
    auth_level=func.AuthLevel.ANONYMOUS,  # who calls is proved by an identity, not by a key
)
@endpoint(Permission.READ_APPROVAL, api.GET_DOCUMENT)
async def get_document(req: func.HttpRequest) -> func.HttpResponse:
    """Hand out a version of a request's document to those who take part in it and operators."""
    caller = principal_of(req)
    if caller is None:
        raise IdentityRequiredError("sign in first")
    request_id = names.request_of(InstanceId.parse(req.route_params.get("instanceId", "")))
    dossier = await asyncio.to_thread(approvals().find, request_id) if request_id else None
    if dossier is None or not may_see(dossier.state, caller):
        raise InstanceUnknownError("no approval has this id")
    return await asyncio.to_thread(version, dossier, req.route_params.get("sha256", ""))


def version(dossier: Dossier, sha256: str) -> func.HttpResponse:
    """Answer with one version of a request's document, under the name that the request gave it.

    Raises:
        InstanceUnknownError: The request never had this version.
        DocumentDamagedError: It is not what was kept.
    """
    document = dossier.state.requested.document
    if document is None or sha256 not in versions_of(dossier.log.entries):
        raise InstanceUnknownError("the request has no such document")
    content = document_store().read(sha256)
    return attachment(content, name=document.name, media_type=document.media_type)


def _keep(content: bytes, media_type: str) -> tuple[KeptDocument, bool]:
    return document_store().keep(content, media_type=media_type)


def _media_type(req: func.HttpRequest) -> str:
    """Return the declared media type, without parameters; the bytes are kept as they are."""
    if header(req, "Content-Encoding").strip().lower() not in {"", "identity"}:
        raise UnsupportedMediaTypeError("send the document without content coding", accept=_ACCEPT)
    declared = header(req, "Content-Type").partition(";")[0].strip().lower()
    if declared not in MEDIA_TYPES:
        raise UnsupportedMediaTypeError(f"declare the document as one of {_ACCEPT}", accept=_ACCEPT)
    return declared


def _name(req: func.HttpRequest) -> str:
    """Return the document's name: in a header, because addresses end up in logs."""
    sent = header(req, NAME_HEADER)
    try:
        return _NAME.validate_python(unquote(sent, encoding="utf-8", errors="strict"))
    except (UnicodeDecodeError, ValidationError):
        raise InvalidRequestError(
            f"the header {NAME_HEADER} is wrong",
            [
                FieldProblem(
                    pointer=NAME_HEADER,
                    code="malformed",
                    detail="expected the document's name, one line in UTF-8, percent-encoded",
                )
            ],
        ) from None
