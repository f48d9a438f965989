"""Which TCP ports are free, and which process listens on one that is not.

Linux tells through /proc; elsewhere `lsof` is asked. Another user's process cannot be named.
"""

import contextlib
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"

_LISTENING: Final = "0A"  # TCP_LISTEN in the kernel's tables


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether a server could listen on the port now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def owner(port: int) -> str:
    """Name the process that listens on the port, or say that it cannot be told."""
    found = _owner_from_proc(port) if Path("/proc/net/tcp").exists() else _owner_from_lsof(port)
    return found or "a process that this user may not see"


def _owner_from_proc(port: int) -> str | None:
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    if not sockets:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        if sockets & _open_handles(process):
            return _described(process)
    return None


def _open_handles(process: Path) -> set[str]:
    handles: set[str] = set()
    with contextlib.suppress(OSError):  # the process ended meanwhile, or is another user's
        for handle in (process / "fd").iterdir():
            with contextlib.suppress(OSError):  # closed meanwhile
                handles.add(str(handle.readlink()))
    return handles


def _listening_inodes(port: int) -> list[str]:
    inodes: list[str] = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.append(fields[9])
    return inodes


def _described(process: Path) -> str:
    try:
        raw = (process / "cmdline").read_bytes()
    except OSError:
        return f"process {process.name}"
    command = " ".join(raw.decode(errors="replace").split("\0")).strip()
    return f"process {process.name} ({command[:120]})"


def _owner_from_lsof(port: int) -> str | None:
    lsof = shutil.which("lsof")
    if lsof is None:
        return None
    answer = subprocess.run(
        [lsof, "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"],
        capture_output=True,
        text=True,
        check=False,
    )
    fields = {line[0]: line[1:] for line in answer.stdout.splitlines() if line}
    if "p" not in fields:
        return None
    return f"process {fields['p']} ({fields.get('c', 'unknown')})"
