"""Files in, files out: sources that are put, and what a job leaves behind.

Submitting and steering jobs is in http. Files larger than a request may be are put into the
container directly, with any tool for Azure Storage.
"""

import asyncio
import hashlib
from http import HTTPStatus

import azure.durable_functions as df
import azure.functions as func
from pydantic import TypeAdapter, ValidationError

from shared.access import Permission
from shared.endpoints import endpoint
from shared.errors import (
    BodyTooLargeError,
    ConflictingRequestError,
    FieldProblem,
    InstanceUnknownError,
    InvalidRequestError,
)
from shared.http import answer
from shared.storage import Container
from workflows.batch_processing import api, names
from workflows.batch_processing.gateways import JSON_LINES_TYPE, batches
from workflows.batch_processing.links import job_path
from workflows.batch_processing.manifest import MANIFEST
from workflows.batch_processing.models import BlobName, JobId
from workflows.batch_processing.sources import BLOCK_BYTES, READING
from workflows.batch_processing.transitions import JobNotEndedError

MOST_UPLOADED = 64 * 1024 * 1024
MOST_DOWNLOADED = 4 * 1024 * 1024

_BLOB_NAME = TypeAdapter[str](BlobName)
_JOB_ID = TypeAdapter[str](JobId)
_SAFE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

blueprint = df.Blueprint()


@blueprint.function_name(names.PUT_SOURCE)
@blueprint.route(route="batches/sources/{container}/{*blob}", methods=["PUT"])
@endpoint(Permission.START_WORKFLOW, api.PUT_SOURCE)
async def put_source(req: func.HttpRequest) -> func.HttpResponse:
    """Keep a file under a name that jobs can give: 201, 200 for the same again, 409 for another."""
    container, blob = req.route_params.get("container", ""), req.route_params.get("blob", "")
    if not batches().is_registered(container):
        raise InstanceUnknownError("no such container is registered for sources")
    _checked(_BLOB_NAME, blob, "/blob")
    content = req.get_body()
    if not content:
        raise InvalidRequestError("the file is empty")
    if len(content) > MOST_UPLOADED:
        raise BodyTooLargeError(f"this endpoint reads {MOST_UPLOADED} bytes")
    is_new = await asyncio.to_thread(_kept, batches().container(container), blob, content)
    return answer(
        {"dataSource": f"{container}/{blob}", "bytes": len(content)},
        status=HTTPStatus.CREATED if is_new else HTTPStatus.OK,
    )


@blueprint.function_name(names.GET_MANIFEST)
@blueprint.route(route="batches/{jobId}/manifest", methods=["GET"])
@endpoint(Permission.READ_WORKFLOW, api.GET_MANIFEST)
async def get_manifest(req: func.HttpRequest) -> func.HttpResponse:
    """Give the list of all that a job has made."""
    job_id = _checked(_JOB_ID, req.route_params.get("jobId", ""), "/jobId")
    results = batches().results(job_id)
    found = await asyncio.to_thread(results.read, MANIFEST)
    if found is None:
        if await asyncio.to_thread(results.read, READING) is None:
            raise InstanceUnknownError("no job has this id")
        raise JobNotEndedError("the manifest is written at the end")
    return func.HttpResponse(found, headers=_SAFE, mimetype="application/json")


@blueprint.function_name(names.GET_DEAD_LETTERS)
@blueprint.route(route="batches/{jobId}/dead-letters", methods=["GET"])
@endpoint(Permission.READ_WORKFLOW, api.GET_DEAD_LETTERS)
async def get_dead_letters(req: func.HttpRequest) -> func.HttpResponse:
    """Give dead letters as JSON Lines, a few megabytes at a time; Link says where the rest is."""
    job_id = _checked(_JOB_ID, req.route_params.get("jobId", ""), "/jobId")
    after = req.params.get("after", "")
    content, last = await asyncio.to_thread(letters_behind, job_id, after)
    headers = dict(_SAFE)
    if last is not None:
        headers["Link"] = f'<{job_path(job_id)}/dead-letters?after={last}>; rel="next"'
    return func.HttpResponse(content, headers=headers, mimetype=JSON_LINES_TYPE)


def _checked(adapter: TypeAdapter[str], text: str, pointer: str) -> str:
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]["msg"]
        problem = FieldProblem(pointer=pointer, code="malformed", detail=detail)
        raise InvalidRequestError("the path is wrong", [problem]) from None


def _kept(container: Container, blob: str, content: bytes) -> bool:
    """Write a file once; whether it was new.

    Raises:
        ConflictingRequestError: Another content has this name.
    """
    digest = hashlib.sha256(content).hexdigest()
    writer = container.in_blocks(blob)
    for begin in range(0, len(content), BLOCK_BYTES):
        writer.add(content[begin : begin + BLOCK_BYTES])
    notes = {"sha256": digest}
    if writer.commit(content_type="application/octet-stream", notes=notes):
        return True
    found = container.find(blob)
    if found is not None and found.notes.get("sha256") == digest:
        return False
    raise ConflictingRequestError("there is another file of this name")


def letters_behind(job_id: str, after: str) -> tuple[bytes, str | None]:
    """Return dead letters of the units behind one, and the last unit unless that was all."""
    outside = batches()
    found: list[bytes] = []
    size, last = 0, ""
    for entry, read in outside.results(job_id).letters(outside.ledger(job_id).entries(after)):
        content = read()
        if found and size + len(content) > MOST_DOWNLOADED:
            return b"".join(found), last
        found.append(content)
        size, last = size + len(content), entry.key
    return b"".join(found), None
