"""A supplier's price list, as tests and measurements use it, and a client of the running app."""

import json
import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from shared.settings.storage import ConnectionString
from shared.storage import Storage
from tests.support.funchost import Answer, FuncHost, until
from workflows.batch_processing import names
from workflows.batch_processing.ledger import Entry, Ledger

HEADER: Final = b"sku,priceMinor,currency,taxClass,stock\n"
JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """A generated file: every row has another SKU, one in a hundred is bad."""

    content: bytes
    good: frozenset[str]
    bad_rows: frozenset[int]
    stock: int

    @classmethod
    def of(cls, rows: int, *, seed: int = 1) -> Self:
        draw = random.Random(seed)  # noqa: S311 - data, not secrets
        bad = frozenset(number for number in range(rows) if draw.random() < 0.01)
        lines = [
            b"sku-%07d,%d,EUR,standard,%s\n"
            % (number, number % 5000, b"x" if number in bad else b"%d" % (number % 100))
            for number in range(rows)
        ]
        good = [number for number in range(rows) if number not in bad]
        return cls(
            content=HEADER + b"".join(lines),
            good=frozenset(f"sku-{number:07}" for number in good),
            bad_rows=frozenset(number + 1 for number in bad),
            stock=sum(number % 100 for number in good),
        )


class Desk:
    """A client of the app's batches, which also looks into its storage."""

    def __init__(self, connection: str) -> None:
        self.prefix = f"t{uuid.uuid4().hex[:15]}"
        self.storage = Storage(ConnectionString(value=connection), prefix=self.prefix)
        self._host: FuncHost | None = None

    @property
    def host(self) -> FuncHost:
        assert self._host is not None
        return self._host

    @host.setter
    def host(self, host: FuncHost) -> None:
        self._host = host

    def put(self, name: str, content: bytes) -> None:
        """Put a file into the container of sources, past the app."""
        container = self.storage.container("imports")
        container.replace(name, content, content_type="text/csv")

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        content = None if body is None else json.dumps(body).encode()
        return self.host.request(method, f"/api/batches{path}", body=content, headers=JSON)

    def submit(self, job_id: str, **body: Any) -> Answer:
        document = {"jobId": job_id, "pipeline": "catalogue_import", **body}
        return self.call("POST", "", document)

    def accepted(self, job_id: str, **body: Any) -> None:
        answer = self.submit(job_id, **body)
        assert answer.status == 202, answer

    def look(self, job_id: str) -> Any:
        answer = self.call("GET", f"/{job_id}")
        assert answer.status == 200, answer
        return answer.json

    def ended(self, job_id: str, *, patience_s: float = 90.0) -> Any:
        """Wait until a job has ended, and return how it stands."""

        def over() -> Any:
            document = self.look(job_id)
            return document if document["completedAt"] else None

        return until(over, patience_s=patience_s, what=f"job {job_id} ends", pause_s=0.1)

    def entries(self, job_id: str) -> Mapping[str, Entry]:
        """Read a job's ledger."""
        ledger = Ledger(self.storage.table(names.CHUNKS_TABLE), job_id)
        return {entry.key: entry for entry in ledger.entries()}

    def lines(self, kind: str, job_id: str) -> list[Any]:
        """Read all output or dead letters of a job."""
        container = self.storage.container(names.RESULTS_CONTAINER)
        return [
            json.loads(line)
            for name in container.names(f"{job_id}/{kind}/")
            for line in (container.read(name) or b"").splitlines()
        ]

    def until_rows(self, job_id: str, rows: int, *, patience_s: float = 60.0) -> None:
        """Wait until so many rows of a job are done."""
        give_up_at = time.monotonic() + patience_s
        while self.look(job_id)["rows"]["done"] < rows:
            assert time.monotonic() < give_up_at
            time.sleep(0.02)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.storage.close()
