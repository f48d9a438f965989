"""The audit of an account: whatever somebody changes is found, by request and entry."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from scripts.layout import ROOT
from shared.chain import Entry, NewEntry
from shared.chained_log import ChainedLogs
from shared.settings.storage import ConnectionString
from shared.storage import Row, Storage
from shared.stored_requests import StoredRequests, digest_of
from tests.support.approvals import FIRST, T0, Paper, a_level, a_request
from workflows.approval import names
from workflows.approval.audit import Auditor
from workflows.approval.documents import Documents, publication_of

pytestmark = pytest.mark.integration

CONTENT = b"%PDF-1.7 plan"


@dataclass(frozen=True, kw_only=True)
class Account:
    """A storage account with requests that were decided, and what may be done to it."""

    storage: Storage
    connection: str
    prefix: str

    @property
    def logs(self) -> ChainedLogs:
        return ChainedLogs(self.storage.table(names.LOG_TABLE))

    @property
    def requests(self) -> StoredRequests:
        return StoredRequests(self.storage.table(names.REQUESTS_TABLE))

    @property
    def documents(self) -> Documents:
        return Documents(
            kept=self.storage.container(names.DOCUMENTS_CONTAINER),
            published=self.storage.container(names.PUBLISHED_CONTAINER),
        )

    def decided(self, request_id: str, choice: str = "approve") -> tuple[Entry, ...]:
        """Keep a document request that one level has decided, its log and its publication."""
        kept, _ = self.documents.keep(CONTENT, media_type="application/pdf")
        document = {"sha256": kept.sha256, "name": "plan.pdf", "mediaType": kept.media_type}
        body = a_request(
            a_level(FIRST), request_id=request_id, kind="document", amount=None, document=document
        )
        self.requests.keep(request_id, body=body, contact="", now=T0)
        paper = Paper(body)
        paper.advance()
        paper.decides(FIRST, choice, document_sha256=kept.sha256)
        paper.advance()
        entries = self.appended(request_id, paper.entries, digest=digest_of(body))
        if publication := publication_of(request_id, entries):
            self.documents.publish(publication)
        return entries

    def appended(self, request_id: str, told: Sequence[Entry], *, digest: str) -> tuple[Entry, ...]:
        """Append what somebody else's log tells to the request's own."""
        new = [
            NewEntry(
                kind=entry.kind,
                level=entry.level,
                round=entry.round,
                actor=entry.actor,
                proof=str(entry.proof),
                payload={**entry.payload, "digest": digest}
                if entry.kind == "requested"
                else entry.payload,
            )
            for entry in told
        ]
        return self.logs.append(self.logs.read(request_id), new, at=T0)

    def change(self, request_id: str, row_key: str, **fields: str) -> None:
        table = self.storage.table(names.LOG_TABLE)
        row = table.read(request_id, row_key)
        assert row is not None
        table.put(row.changed(**fields))

    def forget_log(self, request_id: str) -> None:
        table = self.storage.table(names.LOG_TABLE)
        for row in list(table.rows("PartitionKey eq @one", one=request_id)):
            table.remove(row)

    def findings(self) -> list[tuple[str, int, str]]:
        auditor = Auditor(logs=self.logs, requests=self.requests, documents=self.documents)
        return [(f.request_id, f.sequence, f.reason) for f in auditor.all().findings]

    def audited(self, **settings: str) -> "subprocess.CompletedProcess[str]":
        """Run the command as an operator does."""
        return subprocess.run(
            [sys.executable, "-m", "workflows.approval.audit"],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "AzureWebJobsStorage": self.connection,
                "APP_DATA_PREFIX": self.prefix,
                **settings,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture
def account(azurite: str) -> Iterator[Account]:
    prefix = f"t{uuid.uuid4().hex[:15]}"
    with Storage(ConnectionString(value=azurite), prefix=prefix) as storage:
        account = Account(storage=storage, connection=azurite, prefix=prefix)
        account.decided("R1")
        account.decided("R2", "reject")
        yield account


def test_an_account_that_nobody_touched_is_as_written(account: Account) -> None:
    assert account.findings() == []


def test_a_changed_entry_is_found_where_it_was_changed(account: Account) -> None:
    account.change("R2", "e:00000003", actor="somebody@example.com")

    assert account.findings() == [("R2", 3, "changed")]


def test_an_entry_that_nothing_of_ours_wrote_is_found(account: Account) -> None:
    account.change("R2", "e:00000003", payload0="{")

    assert account.findings() == [("R2", 3, "unreadable")]


def test_a_lost_entry_and_a_lost_end_are_found(account: Account) -> None:
    table = account.storage.table(names.LOG_TABLE)
    table.remove(Row(partition_key="R1", row_key="e:00000002"))
    table.remove(Row(partition_key="R2", row_key="e:00000004"))

    assert account.findings() == [("R1", 2, "missing"), ("R2", 4, "not_the_head")]


def test_a_request_whose_words_were_changed_is_found(account: Account) -> None:
    table = account.storage.table(names.REQUESTS_TABLE)
    row = table.read("R2", "request")
    assert row is not None
    table.put(row.changed(body0=row.text("body0").replace("A new chair", "A new car")))

    assert account.findings() == [("R2", 1, "request_changed")]


def test_a_log_written_anew_does_not_fit_what_was_published(account: Account) -> None:
    account.forget_log("R1")
    account.decided("R1", "reject")

    assert account.findings() == [("R1", 4, "not_as_published")]


def test_a_log_that_is_gone_is_missed_by_what_was_published(account: Account) -> None:
    account.forget_log("R1")

    assert account.findings() == [("R1", 1, "log_missing")]


def test_the_command_says_that_all_is_as_written(account: Account) -> None:
    done = account.audited()

    assert (done.returncode, done.stdout) == (0, "2 logs, 8 entries: all as written\n")


def test_the_command_names_request_and_entry_and_fails(account: Account) -> None:
    account.change("R2", "e:00000003", actor="somebody@example.com")

    done = account.audited()

    assert done.returncode == 1
    assert done.stdout == "request R2, entry 3: changed\n2 logs, 8 entries: 1 wrong\n"


def test_the_command_tells_apart_that_it_could_not_look(account: Account) -> None:
    done = account.audited(AzureWebJobsStorage="AccountName=CANARY")

    assert done.returncode == 2
    assert "could not look" in done.stderr
    assert "CANARY" not in done.stderr + done.stdout
