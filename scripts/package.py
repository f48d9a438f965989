"""`./dev package`: what is deployed, as the platform's tools would take it from this folder.

`.funcignore` decides, by the rules of .gitignore: the last pattern that fits counts, and what is in
a folder that stays here stays, too. The packages that the app imports are installed where it runs.
"""

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from scripts.console import say
from scripts.layout import KEPT, ROOT

PACKAGE: Final = KEPT / "package.zip"

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the same files make the same archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line: which paths it is about, and whether they are taken after all."""

    pattern: re.Pattern[str]
    is_taken: bool
    only_folders: bool

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read a line that is neither empty nor a comment."""
        is_taken, text = line.startswith("!"), line.removeprefix("!")
        only_folders, text = text.endswith("/"), text.rstrip("/")
        anywhere = "" if "/" in text else "(?:.*/)?"
        parts = (_as_regex(part) for part in text.removeprefix("/").split("/"))
        return cls(
            pattern=re.compile(anywhere + "/".join(parts)),
            is_taken=is_taken,
            only_folders=only_folders,
        )

    def fits(self, path: str, *, is_folder: bool) -> bool:
        """Tell whether the line is about this path, relative to the folder of the app."""
        return (is_folder or not self.only_folders) and self.pattern.fullmatch(path) is not None


def rules(text: str) -> tuple[Rule, ...]:
    """Read a whole file of lines."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(Rule.parse(line) for line in lines if line and not line.startswith("#"))


def files(root: Path = ROOT) -> list[str]:
    """Return the paths of what is deployed from a folder, sorted."""
    return sorted(_taken(root, "", rules((root / ".funcignore").read_text("utf-8"))))


def build(target: Path = PACKAGE, root: Path = ROOT) -> Path:
    """Write the archive and return its path."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files(root):
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, (root / path).read_bytes(), zipfile.ZIP_DEFLATED)
    return target


def package() -> int:
    """Build the archive of this checkout and say where it is."""
    target = build()
    say(f"{target.relative_to(ROOT)}: {len(files())} files, {target.stat().st_size // 1024} KiB")
    return 0


def _taken(root: Path, folder: str, known: Sequence[Rule]) -> Iterator[str]:
    for path in (root / folder).iterdir():
        name = f"{folder}/{path.name}" if folder else path.name
        if _stays(name, known, is_folder=path.is_dir()):
            continue
        if path.is_dir():
            yield from _taken(root, name, known)
        else:
            yield name


def _stays(path: str, known: Sequence[Rule], *, is_folder: bool) -> bool:
    fitting = [rule for rule in known if rule.fits(path, is_folder=is_folder)]
    return bool(fitting) and not fitting[-1].is_taken


def _as_regex(part: str) -> str:
    if part == "**":
        return ".*"
    return "".join({"*": "[^/]*", "?": "[^/]"}.get(letter, re.escape(letter)) for letter in part)
