"""The emulator as the application's own storage clients see it, and its life beside its owner's."""

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient

from scripts import node
from scripts.azurite import Azurite, Ports
from scripts.console import DevError
from tests.integration.scripts.conftest import is_alive, until

pytestmark = pytest.mark.integration

_OWNER = """
import pathlib, sys, time
from scripts.azurite import Azurite
with Azurite(log=pathlib.Path(sys.argv[1])) as azurite:
    print(azurite.pid, flush=True)
    time.sleep(60)
"""


def _untyped(client: object) -> Any:
    """The SDKs' own annotations have gaps, which are not these tests' subject."""
    return client


def test_the_runs_azurite_serves_tables_and_blobs(azurite: str) -> None:
    name = f"t{uuid.uuid4().hex}"

    with TableServiceClient.from_connection_string(azurite) as tables:
        table = _untyped(tables).create_table(name)
        table.create_entity({"PartitionKey": "p", "RowKey": "r", "amount_minor": 4200})
        assert table.get_entity("p", "r")["amount_minor"] == 4200

    with BlobServiceClient.from_connection_string(azurite) as blobs:
        blob = _untyped(blobs).create_container(name).upload_blob("b", b"content")
        assert blob.download_blob().readall() == b"content"


def test_what_is_stored_in_a_folder_is_there_the_next_time(tmp_path: Path) -> None:
    node.ensure_azurite()
    log, data = tmp_path / "log", tmp_path / "data"

    with (
        Azurite(log=log, data=data) as first,
        BlobServiceClient.from_connection_string(first.connection_string) as blobs,
    ):
        _untyped(blobs).create_container("kept").upload_blob("b", b"content")

    with (
        Azurite(log=log, data=data) as second,
        BlobServiceClient.from_connection_string(second.connection_string) as blobs,
    ):
        assert blobs.get_blob_client("kept", "b").download_blob().readall() == b"content"


def test_a_taken_port_is_told_with_azurites_own_words(tmp_path: Path) -> None:
    node.ensure_azurite()

    with (
        Azurite(log=tmp_path / "first") as first,
        pytest.raises(DevError, match=f"EADDRINUSE.*{first.ports.blob}"),
        Azurite(log=tmp_path / "second", ports=Ports(blob=first.ports.blob)),
    ):
        pass


def test_it_ends_when_its_owner_is_killed(tmp_path: Path) -> None:
    node.ensure_azurite()
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(tmp_path / "log")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    assert is_alive(pid)

    owner.kill()
    owner.communicate()

    until(lambda: not is_alive(pid), deadline_s=30)


def test_stopping_it_twice_is_harmless(tmp_path: Path) -> None:
    node.ensure_azurite()

    with Azurite(log=tmp_path / "log") as azurite:
        os.kill(azurite.pid, signal.SIGTERM)
        azurite.stop()

    assert not is_alive(azurite.pid)
