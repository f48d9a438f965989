"""What is known about a port: whether it is free, and who has it."""

import os
import socket
from collections.abc import Iterator

import pytest

from scripts import ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


def test_a_port_that_somebody_listens_on_is_not_free(taken: int) -> None:
    assert not ports.is_free(taken)


def test_a_free_port_is_free() -> None:
    assert ports.is_free(ports.free_port())


def test_a_port_is_free_on_another_address(taken: int) -> None:
    assert ports.is_free(taken, "127.0.0.2")


def test_the_owner_of_a_port_is_named_with_its_command(taken: int) -> None:
    assert ports.owner(taken).startswith(f"process {os.getpid()} (")


def test_the_owner_of_an_ipv6_port_is_named() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        assert ports.owner(server.getsockname()[1]).startswith(f"process {os.getpid()} (")


def test_an_unknown_owner_is_said_to_be_unknown() -> None:
    assert ports.owner(ports.free_port()) == "a process that this user may not see"
