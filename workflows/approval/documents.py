"""Documents under approval: kept once by their content, published once they are approved.

A document is known by the SHA-256 of its bytes, so a decision can name the very version that was
read, and what is kept can never change under it. HTTP is in http_documents, the decision that a
document is approved in state.
"""

import functools
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from pydantic import AwareDatetime

from shared.chain import Entry
from shared.errors import FieldProblem, WorkflowError
from shared.models import WireModel
from shared.settings import current_settings
from shared.storage import BlobVersion, open_storage
from workflows.approval import names
from workflows.approval.entries import Closed, Decided, EntryKind, Resubmitted
from workflows.approval.models import ApprovalStatus, Choice, Document, LogEnd
from workflows.approval.state import fold

_MANIFEST: Final = ".manifest.json"
MOST_BYTES: Final = 20 * 1024 * 1024

_OPEN_XML: Final = "application/vnd.openxmlformats-officedocument"
_OPEN_DOCUMENT: Final = "application/vnd.oasis.opendocument"
_ZIP: Final = b"PK\x03\x04"
# What may be kept, and what its bytes begin with.
MEDIA_TYPES: Final[Mapping[str, bytes]] = {
    "application/pdf": b"%PDF-",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "text/plain": b"",
    f"{_OPEN_XML}.wordprocessingml.document": _ZIP,
    f"{_OPEN_XML}.spreadsheetml.sheet": _ZIP,
    f"{_OPEN_XML}.presentationml.presentation": _ZIP,
    f"{_OPEN_DOCUMENT}.text": _ZIP,
    f"{_OPEN_DOCUMENT}.spreadsheet": _ZIP,
    f"{_OPEN_DOCUMENT}.presentation": _ZIP,
}


class DocumentDamagedError(WorkflowError):
    """What is kept under a hash has another one, or is gone: a person has to look."""

    code: ClassVar[str] = "document_damaged"


class Blobs(Protocol):
    """The part of a container that is needed here."""

    def write_once(self, name: str, content: bytes, *, content_type: str) -> bool:
        """Write a blob unless it exists; False when it does."""
        ...

    def read(self, name: str) -> bytes | None:
        """Return a blob's content."""
        ...

    def find(self, name: str) -> BlobVersion | None:
        """Return what is known of a blob without reading it."""
        ...

    def names(self, prefix: str = "") -> Iterator[str]:
        """Yield the names that start with the prefix, in order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDocument:
    """A document that is kept; the media type is that of whoever brought it first."""

    sha256: str
    size: int
    media_type: str


class Documents:
    """The documents of one application.

    Args:
        kept: Every version that was uploaded.
        published: What was approved, by request.
    """

    def __init__(self, *, kept: Blobs, published: Blobs) -> None:
        self._kept = kept
        self._published = published

    def keep(self, content: bytes, *, media_type: str) -> tuple[KeptDocument, bool]:
        """Keep a document; whoever brings the same bytes again finds them.

        Returns:
            The document as it is kept, and whether this call brought it.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        if self._kept.write_once(sha256, content, content_type=media_type):
            return KeptDocument(sha256=sha256, size=len(content), media_type=media_type), True
        found = self.find(sha256)
        if found is None:
            raise DocumentDamagedError(f"document {sha256} was there and is gone")
        return found, False

    def find(self, sha256: str) -> KeptDocument | None:
        """Return what is known of a document, or None when it was never kept."""
        facts = self._kept.find(sha256)
        if facts is None:
            return None
        return KeptDocument(sha256=sha256, size=facts.size, media_type=facts.content_type)

    def read(self, sha256: str) -> bytes:
        """Return a document, after making sure that it still is what its hash says.

        Raises:
            DocumentDamagedError: It is not, or it is gone.
        """
        content = self._kept.read(sha256)
        if content is None:
            raise DocumentDamagedError(f"document {sha256} is not kept")
        if hashlib.sha256(content).hexdigest() != sha256:
            raise DocumentDamagedError(f"document {sha256} is not what was kept")
        return content

    def problem(self, document: Document) -> FieldProblem | None:
        """Say what is wrong with a request's document, or None when it is kept as it says."""
        found = self.find(document.sha256)
        if found is None:
            return FieldProblem(
                pointer="/document/sha256", code="unknown", detail="upload the document first"
            )
        if found.media_type != document.media_type:
            return FieldProblem(
                pointer="/document/mediaType",
                code="mismatch",
                detail=f"the document was uploaded as {found.media_type}",
            )
        return None

    def publish(self, publication: "Publication") -> bool:
        """Copy an approved document to where others read it, the manifest last.

        The manifest is the sign that everything is there; a repeat changes nothing.

        Returns:
            False when the request was published before.

        Raises:
            DocumentDamagedError: There is nothing sound to publish.
        """
        name = f"{publication.request_id}/{publication.document.sha256}"
        content = self.read(publication.document.sha256)
        self._published.write_once(name, content, content_type=publication.document.media_type)
        manifest = json.dumps(publication.to_json(), indent=2, ensure_ascii=False)
        return self._published.write_once(
            f"{name}{_MANIFEST}", manifest.encode(), content_type="application/json"
        )

    def publications(self, *, of: str = "") -> Iterator[tuple[str, "Publication | None"]]:
        """Yield the request id and manifest of everything published; None for what is no manifest.

        Args:
            of: A request id, for its publications alone.
        """
        for name in self._published.names(f"{of}/" if of else ""):
            if not name.endswith(_MANIFEST):
                continue
            try:
                manifest = Publication.from_json(json.loads(self._published.read(name) or b""))
            except ValueError:
                manifest = None
            yield name.partition("/")[0], manifest


@functools.cache
def document_store() -> Documents:
    """Open the containers of documents, once per process.

    Raises:
        StorageUnavailableError: The next call tries again.
    """
    settings = current_settings()
    storage = open_storage(settings.storage, prefix=settings.data_prefix)
    return Documents(
        kept=storage.container(names.DOCUMENTS_CONTAINER),
        published=storage.container(names.PUBLISHED_CONTAINER),
    )


class Approval(WireModel):
    """Why a level agreed: somebody's decision on this version, or silence that was to mean yes."""

    sequence: int
    level: int
    round: int
    at: AwareDatetime
    decision: str
    actor: str | None = None
    proof: str


class Publication(WireModel):
    """The manifest beside a published document; ``log`` is the entry that closed the request."""

    request_id: str
    document: Document
    approved_at: AwareDatetime
    approvals: tuple[Approval, ...]
    log: LogEnd


def publication_of(request_id: str, entries: Sequence[Entry]) -> Publication | None:
    """Return what is to be published of a log; None unless it closed with a document approved."""
    state = fold(entries)
    closing = next((entry for entry in entries if entry.kind == EntryKind.CLOSED), None)
    if state is None or closing is None or state.requested.document is None:
        return None
    if Closed.from_json(closing.payload).outcome is not ApprovalStatus.APPROVED:
        return None
    current = state.requested.document.model_copy(update={"sha256": state.document_sha256})
    return Publication(
        request_id=request_id,
        document=current,
        approved_at=closing.at,
        approvals=tuple(_approvals(entries, state.document_sha256)),
        log=LogEnd(sequence=closing.sequence, hash=closing.hash),
    )


def _approvals(entries: Sequence[Entry], document_sha256: str | None) -> Iterator[Approval]:
    """Yield the decisions that count: of each level's last round, on this very version."""
    opened = {e.level: e.sequence for e in entries if e.kind == EntryKind.LEVEL_OPENED}
    for entry in entries:
        if entry.sequence < opened.get(entry.level, 0):
            continue
        match entry.kind:
            case EntryKind.DECIDED:
                decided = Decided.from_json(entry.payload)
                approves = decided.decision is Choice.APPROVE
                if approves and decided.document_sha256 == document_sha256:
                    yield _approval(entry, decided.decision)
            case EntryKind.AUTO_APPROVED:
                yield _approval(entry, EntryKind.AUTO_APPROVED)
            case _:
                pass


def _approval(entry: Entry, decision: str) -> Approval:
    return Approval(
        sequence=entry.sequence,
        level=entry.level,
        round=entry.round,
        at=entry.at,
        decision=decision,
        actor=entry.actor or None,
        proof=entry.proof,
    )


def versions_of(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return the hash of every version of a request's document, oldest first."""
    state = fold(entries)
    if state is None or state.requested.document is None:
        return ()
    later = (
        Resubmitted.from_json(entry.payload).document_sha256
        for entry in entries
        if entry.kind == EntryKind.RESUBMITTED
    )
    found = [state.requested.document.sha256, *(sha256 for sha256 in later if sha256)]
    return tuple(dict.fromkeys(found))
