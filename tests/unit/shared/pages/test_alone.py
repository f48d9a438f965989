"""Pages that are files of their own: what their policy lets in, and that it cannot be widened."""

import base64
import hashlib
import re
from pathlib import Path

import azure.functions as func
import pytest

from shared.pages import Pages, Stylesheet, alone

TEMPLATE = """{% extends "alone.html" %}{% block title %}{{ text }}{% endblock %}
{% block content %}<p>{{ text }}</p>{% endblock %}"""


@pytest.fixture
def answer(tmp_path: Path) -> func.HttpResponse:
    (tmp_path / "page.html").write_text(TEMPLATE, encoding="utf-8")
    style = tmp_path / "more.css"
    style.write_text("p > b { color: red; }\n", encoding="utf-8")
    return alone(
        Pages(tmp_path),
        "page.html",
        stylesheet=Stylesheet.of(style),
        filename="page.html",
        text="</style><style>p { color: blue }</style>",
    )


def test_the_policy_names_the_digest_of_the_style_that_is_in_the_page(
    answer: func.HttpResponse,
) -> None:
    [style] = re.findall(r"<style>(.*?)</style>", answer.get_body().decode(), re.DOTALL)

    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert style.endswith("p > b { color: red; }\n")
    assert f"style-src 'sha256-{digest}';" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_a_style_in_a_value_is_text(answer: func.HttpResponse) -> None:
    page = answer.get_body().decode()

    assert page.count("<style>") == 1
    assert "&lt;style&gt;p { color: blue }" in page


def test_the_file_carries_the_policy_but_for_what_only_an_answer_can_say(
    answer: func.HttpResponse,
) -> None:
    [kept] = re.findall(
        r'http-equiv="Content-Security-Policy" content="(.*?)"', str(answer.get_body(), "utf-8")
    )

    sent = answer.headers["Content-Security-Policy"]
    assert sent == kept.replace("&#39;", "'") + "; frame-ancestors 'none'"
