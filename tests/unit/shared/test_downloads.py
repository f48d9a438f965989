from collections.abc import Mapping
from typing import cast

import pytest

from shared.downloads import download


def headers_of(name: str) -> Mapping[str, str]:
    answer = download(b"%PDF-1.7", name=name, media_type="application/pdf")
    return cast("Mapping[str, str]", answer.headers)


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("plan.pdf", "attachment; filename=\"plan.pdf\"; filename*=UTF-8''plan.pdf"),
        (
            "für Köln.pdf",
            "attachment; filename=\"f_r K_ln.pdf\"; filename*=UTF-8''f%C3%BCr%20K%C3%B6ln.pdf",
        ),
        (
            '../a"b\\c.pdf',
            "attachment; filename=\".._a_b_c.pdf\"; filename*=UTF-8''..%2Fa%22b%5Cc.pdf",
        ),
    ],
)
def test_a_file_is_saved_under_its_name_and_no_name_leaves_the_header(
    name: str, disposition: str
) -> None:
    assert headers_of(name)["Content-Disposition"] == disposition


def test_a_browser_neither_sniffs_nor_keeps_nor_runs_it() -> None:
    headers = headers_of("plan.pdf")

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_what_comes_out_is_what_went_in() -> None:
    answer = download(b"\x00\xff", name="x", media_type="image/png")

    assert answer.get_body() == b"\x00\xff"
    assert answer.mimetype == "image/png"
