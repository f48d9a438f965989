"""Checks logs of approvals: are they still what was written, and what was published of them?

``python -m workflows.approval.audit`` reads the storage account of the settings, prints what is
wrong and exits with 0 (all as written), 1 (something was changed) or 2 (could not look). A chain
shows changes in its middle; whoever rewrites all of it is found by what is kept elsewhere: the kept
request's digest and the manifests of published documents.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from shared.chain import Entry
from shared.chained_log import ChainedLogs, Log
from shared.errors import RequestMissingError, WorkflowError
from shared.settings.readers import InvalidSettingError
from shared.stored_requests import StoredRequests, digest_of
from workflows.approval.documents import Documents, Publication, document_store
from workflows.approval.entries import EntryKind, Requested
from workflows.approval.gateways import approvals


class Verdict(IntEnum):
    """The command's exit codes."""

    AS_WRITTEN = 0
    CHANGED = 1
    COULD_NOT_LOOK = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong: which request, from which entry of its log on, and a stable word for why."""

    request_id: str
    sequence: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What was looked at, and everything that is wrong with it."""

    logs: int
    entries: int
    findings: tuple[Finding, ...]


class Auditor:
    """Compares logs with themselves, with the kept requests and with what was published.

    Every method may raise ``StorageUnavailableError``.
    """

    def __init__(
        self, *, logs: ChainedLogs, requests: StoredRequests, documents: Documents
    ) -> None:
        self._logs = logs
        self._requests = requests
        self._documents = documents

    def of(self, request_id: str) -> tuple[Log, tuple[Finding, ...]]:
        """Check one request; its log is empty when there is none."""
        log = self._logs.read_unchecked(request_id)
        manifests = [manifest for _, manifest in self._documents.publications(of=request_id)]
        return log, tuple(self._findings(log, manifests))

    def all(self) -> Audit:
        """Check every request of the account."""
        published: dict[str, list[Publication | None]] = {}
        for request_id, manifest in self._documents.publications():
            published.setdefault(request_id, []).append(manifest)
        findings: list[Finding] = []
        logs = entries = 0
        for log in self._logs.every():
            logs, entries = logs + 1, entries + len(log.entries)
            findings += self._findings(log, published.pop(log.log_id, []))
        findings += (
            Finding(request_id=lost, sequence=1, reason="log_missing") for lost in published
        )
        return Audit(logs=logs, entries=entries, findings=tuple(findings))

    def _findings(self, log: Log, manifests: Sequence[Publication | None]) -> Iterator[Finding]:
        broken = log.broken_at
        if broken is not None:
            yield Finding(request_id=log.log_id, sequence=broken.sequence, reason=broken.reason)
            return  # what comes after a break says nothing
        if log.entries and not self._is_as_kept(log):
            yield Finding(request_id=log.log_id, sequence=1, reason="request_changed")
        for manifest in manifests:
            sequence = manifest.log.sequence if manifest else len(log.entries)
            if manifest is None:
                yield Finding(
                    request_id=log.log_id, sequence=sequence, reason="manifest_unreadable"
                )
            elif not _is_as_published(log.entries, manifest):
                yield Finding(request_id=log.log_id, sequence=sequence, reason="not_as_published")

    def _is_as_kept(self, log: Log) -> bool:
        """Whether the request that is kept is the one that the log began with."""
        first = log.entries[0]
        if first.kind != EntryKind.REQUESTED:
            return False
        try:
            kept = self._requests.load(log.log_id)
        except RequestMissingError:
            return False
        return Requested.from_json(first.payload).digest == kept.digest == digest_of(kept.body)


def _is_as_published(entries: Sequence[Entry], manifest: Publication) -> bool:
    sealed = {entry.sequence: entry.hash for entry in entries}
    return sealed.get(manifest.log.sequence) == manifest.log.hash


def auditor() -> Auditor:
    """Open the account of the settings."""
    book = approvals()
    return Auditor(logs=book.logs, requests=book.requests, documents=document_store())


def main() -> int:
    """Audit the account of the settings and say what was found; return the exit code."""
    try:
        found = auditor().all()
    except (InvalidSettingError, WorkflowError) as reason:
        sys.stderr.write(f"The audit could not look: {reason}\n")
        return Verdict.COULD_NOT_LOOK
    for finding in found.findings:
        sys.stdout.write(
            f"request {finding.request_id}, entry {finding.sequence}: {finding.reason}\n"
        )
    verdict = f"{len(found.findings)} wrong" if found.findings else "all as written"
    sys.stdout.write(f"{found.logs} logs, {found.entries} entries: {verdict}\n")
    return Verdict.CHANGED if found.findings else Verdict.AS_WRITTEN


if __name__ == "__main__":
    sys.exit(main())
