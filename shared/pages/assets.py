"""The files that pages refer to, under names that hold a digest of their content.

A browser may keep one for ever: another content has another name. There is nothing from outside.
"""

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.http import API_PREFIX

_FOLDER: Final = Path(__file__).with_name("static")
_MEDIA_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_DIGITS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file as it is sent."""

    path: str
    media_type: str
    content: bytes


def find_asset(name: str) -> Asset | None:
    """Return the file that has this very name, digest included."""
    return _by_name().get(name)


def asset_path(file: str) -> str:
    """Return the path under which a file of the folder is served.

    Raises:
        KeyError: There is no such file.
    """
    return _by_file()[file].path


@functools.cache
def _by_file() -> Mapping[str, Asset]:
    return {file.name: _asset(file) for file in _FOLDER.iterdir() if file.suffix in _MEDIA_TYPES}


@functools.cache
def _by_name() -> Mapping[str, Asset]:
    return {asset.path.rpartition("/")[2]: asset for asset in _by_file().values()}


def _asset(file: Path) -> Asset:
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:_DIGITS]
    return Asset(
        path=f"{API_PREFIX}/assets/{file.stem}.{digest}{file.suffix}",
        media_type=_MEDIA_TYPES[file.suffix],
        content=content,
    )
