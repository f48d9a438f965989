"""Listening sockets, bound before anything is served so that every port is known by then."""

import errno
import socket

from funchost.errors import StartError

LOOPBACK = "127.0.0.1"
LOOPBACK_6 = "::1"
LOCAL_NAMES = frozenset({LOOPBACK, LOOPBACK_6, "localhost"})
BACKLOG = 1024


def listening_sockets(host: str, port: int) -> list[socket.socket]:
    """Bind a port; a local name means both 127.0.0.1 and, where there is IPv6, ::1.

    Args:
        host: An address or a name.
        port: 0 takes any free one.

    Raises:
        StartError: the port is taken or not allowed, or the host is not of this machine.
    """
    if host not in LOCAL_NAMES:
        return [_listening(_family(host), host, port)]
    first = _listening(socket.AF_INET, LOOPBACK, port)
    try:
        bound: int = first.getsockname()[1]
        second = _listening(socket.AF_INET6, LOOPBACK_6, bound)
    except StartError as error:
        if port and _is_taken(error.__cause__):
            first.close()
            raise
        return [first]  # no IPv6 here, or the free port is free in one family only
    return [first, second]


def private_socket() -> socket.socket:
    """Bind a free port that only this machine can reach."""
    return _listening(socket.AF_INET, LOOPBACK, 0)


def _listening(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
        made.listen(BACKLOG)
        made.settimeout(0)
    except (OSError, OverflowError) as error:
        made.close()
        raise StartError(_explained(error, host, port)) from error
    return made


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _is_taken(error: BaseException | None) -> bool:
    return isinstance(error, OSError) and error.errno == errno.EADDRINUSE


def _explained(error: Exception, host: str, port: int) -> str:
    if _is_taken(error):
        return (
            f"Port {port} is in use: end the process that listens there, "
            "or choose another port with --port."
        )
    if isinstance(error, PermissionError):
        return f"Port {port} needs privileges: choose one above 1023 with --port."
    return f"Cannot listen on {host} port {port}: {error}."
