"""What a job leaves behind: the manifest, and what has to agree before it is believed.

Pure: the ledger's entries come in, documents and findings go out.
"""

import hashlib
from collections.abc import Iterable, Iterator

from shared.models import JsonObject
from workflows.batch_processing.ledger import Audit, Entry, UnitRecord, Written
from workflows.batch_processing.models import Publish, Reconcile

MANIFEST = "manifest.json"


def findings(audit: Audit, question: Reconcile) -> Iterator[str]:
    """Say what does not agree; rows in are rows out, dead letters and blank rows."""
    tally, claimed = audit.tally, question.claimed
    if audit.chunks != question.chunks:
        yield f"chunks: planned {question.chunks}, in the ledger {audit.chunks}"
    if question.complete and audit.missing:
        yield f"chunks not whole: {audit.missing}"
    if question.complete and tally.rows != question.planned_rows:
        yield f"rows: planned {question.planned_rows}, found {tally.rows}"
    if tally.rows != tally.accepted + tally.rejected + tally.blank:
        yield (
            f"rows: {tally.rows} are not {tally.accepted} accepted, {tally.rejected} rejected"
            f" and {tally.blank} blank"
        )
    if tally != claimed:
        yield f"shards claim {claimed.rows} rows, the ledger has {tally.rows}"
    for name in sorted(audit.read_sums | audit.written_sums):
        read, written = audit.read_sums[name], audit.written_sums[name]
        if read != written:
            yield f"sum {name}: read {read}, written {written}"


def manifest(question: Publish, entries: Iterable[Entry]) -> JsonObject:
    """Return the manifest: how the job ended, its source, its sums, and every unit's blobs."""
    kept = list(entries)
    audit = Audit.of(kept)
    done = [entry for entry in kept if entry.record is not None]
    digest = hashlib.sha256()
    for entry in done:
        digest.update(bytes.fromhex(_record(entry).output.sha256))
    reading = question.reading
    return {
        "job": question.job.to_json(),
        "result": question.result.to_json(),
        "source": {
            "container": reading.container,
            "blob": reading.blob,
            "etag": reading.etag,
            "bytes": reading.size,
            "segmentSha256": question.result.source_digests,
        },
        "reasons": dict(audit.reasons.most_common()),
        "controlSums": dict(sorted(audit.written_sums.items())),
        "output": {
            "bytes": sum(_record(entry).output.size for entry in done),
            # Of the units' digests in their order: it can be checked without the content.
            "sha256OfSha256s": digest.hexdigest(),
        },
        "units": [_unit(entry) for entry in done],
    }


def _record(entry: Entry) -> UnitRecord:
    if entry.record is None:
        raise LookupError(f"{entry.key} is not done")
    return entry.record


def _unit(entry: Entry) -> JsonObject:
    record = _record(entry)
    return {
        "unit": entry.key,
        **record.tally.to_json(),
        "output": _blob(record.output),
        "deadLetters": _blob(record.letters),
        "reasons": record.reasons,
        "starts": entry.starts,
        "startedAt": entry.started_at and entry.started_at.isoformat(),
        "finishedAt": entry.finished_at and entry.finished_at.isoformat(),
    }


def _blob(written: Written) -> JsonObject | None:
    if not written.size:
        return None
    return {"blob": written.blob, "bytes": written.size, "sha256": written.sha256}
