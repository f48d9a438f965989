"""GET /api/docs: the description on a page that runs nothing and asks for nothing elsewhere."""

import asyncio
import re

import azure.functions as func

import function_app
from shared.openapi import PUBLISHED
from shared.registered import http_functions

FUNCTIONS = {function.name: function for function in http_functions(function_app.app)}


def get(name: str, path: str) -> func.HttpResponse:
    request = func.HttpRequest(method="GET", url=f"http://evil.example{path}", body=b"")
    answer: func.HttpResponse = asyncio.run(FUNCTIONS[name].call(request))
    return answer


def test_every_operation_and_every_schema_is_on_the_page() -> None:
    described = PUBLISHED.document()

    text = get("management_show_docs", "/api/docs").get_body().decode()

    for path, methods in described["paths"].items():
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in text
            assert path in text
    for name in described["components"]["schemas"]:
        assert f'id="schema-{name}"' in text


def test_every_reference_leads_somewhere_on_the_page() -> None:
    text = get("management_show_docs", "/api/docs").get_body().decode()

    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(re.findall(r'id="([^"]+)"', text))


def test_the_page_runs_nothing_and_loads_nothing_from_elsewhere() -> None:
    answer = get("management_show_docs", "/api/docs")

    text = answer.get_body().decode()
    assert "<script" not in text
    assert "://" not in re.sub(r"<pre.*?</pre>", "", text, flags=re.DOTALL)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_the_document_is_answered_as_it_is() -> None:
    answer = get("management_get_openapi", "/api/openapi.json")

    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.get_body().decode().startswith('{"openapi": "3.1.0"')
