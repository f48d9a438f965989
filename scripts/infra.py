"""`python -m scripts.infra`: the security scan of infra/, which says nothing when it is content.

The scanner has an environment of its own, for it asks for older packages than the app does.
What it leaves out, and why, is in infra/checkov.yaml. It takes ten seconds, so a verdict is kept
until a file of infra/ or the scanner changes.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from scripts import environment
from scripts.console import DevError, complain, say
from scripts.layout import KEPT, ROOT

INFRA: Final = ROOT / "infra"
REQUIREMENTS: Final = ROOT / "requirements-infra.txt"

_CONTENT: Final = KEPT / "infra-content"


def main() -> int:
    """Scan unless these very files have passed already; return 1 when something was found."""
    digest = content(INFRA)
    if _CONTENT.exists() and _CONTENT.read_text("ascii") == digest:
        return 0
    scanner = environment.beside("infra", REQUIREMENTS) / "bin" / "checkov"
    found = list(problems(*scan(scanner, INFRA)))
    for problem in found:
        say(problem)
    if not found:
        _CONTENT.write_text(digest, "ascii")
    return 1 if found else 0


def content(infra: Path) -> str:
    """Digest what a verdict depends on."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes())
    for path in sorted(path for path in infra.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(infra)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def scan(scanner: Path, infra: Path) -> tuple[str, str]:
    """Return what the scanner wrote to standard output and to standard error."""
    command = [
        str(scanner),
        "--config-file",
        str(infra / "checkov.yaml"),
        "--directory",
        str(infra),
    ]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return ended.stdout, ended.stderr


def problems(output: str, errors: str) -> Iterator[str]:
    """Tell in sentences what the scanner found, and what it could not judge.

    A file that the scanner cannot read, or a check that breaks, leaves its exit code at 0: both are
    problems here, and so is a scan that saw nothing.
    """
    try:
        document: Any = json.loads(output)
    except ValueError:
        yield f"the scan said no JSON: {(output + errors).strip()[-2000:]}"
        return
    summary: Mapping[str, int] = document.get("summary", document)
    if summary.get("parsing_errors"):
        unreadable = document.get("results", {}).get("parsing_errors", [])
        yield f"the scan cannot read {', '.join(unreadable) or 'a file'}"
    if "[ERROR]" in errors:
        yield f"a check of the scan broke: {errors.strip()[-2000:]}"
    if not summary.get("passed"):
        yield "the scan checked nothing"
    for failed in document.get("results", {}).get("failed_checks", []):
        place = f"{failed['file_path']}:{failed['file_line_range'][0]}"
        yield f"{failed['check_id']} {place} {failed['resource']}: {failed['check_name']}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DevError as error:
        complain(str(error))
        sys.exit(1)
