"""What is deployed: the rules of .funcignore, and what they leave of this folder."""

import re
import zipfile
from pathlib import Path

import pytest

from scripts.layout import ROOT
from scripts.package import build, files

ROOT_FILES = {"function_app.py", "host.json", "requirements.txt"}
KINDS = {".py", ".json", ".html", ".css", ".js", ".svg", ".txt"}


def a_folder(root: Path, ignored: str, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)
    (root / ".funcignore").write_text(ignored)
    return root


@pytest.mark.parametrize(
    ("ignored", "left"),
    [
        ("", {".funcignore", "a.py", "b/a.py", "b/c/d.md"}),
        ("*.py", {".funcignore", "b/c/d.md"}),
        ("/a.py", {".funcignore", "b/a.py", "b/c/d.md"}),
        ("b/", {".funcignore", "a.py"}),
        ("c", {".funcignore", "a.py", "b/a.py"}),
        ("b/*.py", {".funcignore", "a.py", "b/c/d.md"}),
        ("# all\n\n/*\n!/b\n*.md", {"b/a.py"}),
        ("/b\n!/b/a.py", {".funcignore", "a.py"}),  # what is in a folder that stays, stays
        ("?.py", {".funcignore", "b/c/d.md"}),
        ("**/d.md", {".funcignore", "a.py", "b/a.py"}),
    ],
)
def test_lines_mean_what_they_mean_in_gitignore(
    tmp_path: Path, ignored: str, left: set[str]
) -> None:
    folder = a_folder(tmp_path, ignored, "a.py", "b/a.py", "b/c/d.md")

    assert set(files(folder)) == left


def test_the_app_is_deployed_and_nothing_else() -> None:
    names = files()

    assert {name for name in names if "/" not in name} == ROOT_FILES
    assert {name.partition("/")[0] for name in names if "/" in name} == {"shared", "workflows"}
    assert {Path(name).suffix for name in names} <= KINDS
    assert not [
        name for name in names if re.search(r"(^|/)tests?(/|_)|__pycache__|settings\.json", name)
    ]


def test_every_file_that_the_app_reads_is_deployed() -> None:
    names = set(files())
    sources = {
        str(path.relative_to(ROOT))
        for folder in ("shared", "workflows")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix in KINDS
    }

    assert names == sources | ROOT_FILES


def test_the_same_files_make_the_same_archive(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "app", ".funcignore", "a.py", "b/c.py")

    first, second = (build(tmp_path / f"{name}.zip", folder) for name in ("first", "second"))

    assert first.read_bytes() == second.read_bytes()
    assert zipfile.ZipFile(first).namelist() == ["a.py", "b/c.py"]
