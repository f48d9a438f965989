"""``GET /api/openapi.json`` and ``GET /api/docs``: what the API is, for programs and for people.

What is in it comes from the functions themselves, by shared.openapi; how it reads is in templates.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.endpoints import endpoint
from shared.http import answer
from shared.models import JsonObject
from shared.openapi import PUBLISHED
from shared.pages import Pages, page
from workflows.management import names
from workflows.management.api import OPENAPI

blueprint = df.Blueprint()

_pages: Final = Pages(Path(__file__).with_name("templates"))


@blueprint.function_name(names.GET_OPENAPI)
@blueprint.route(route="openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint(Permission.PUBLIC, OPENAPI)
async def get_openapi(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the binding
    """Give the OpenAPI document of every function."""
    return answer(await asyncio.to_thread(PUBLISHED.document))


@blueprint.function_name(names.SHOW_DOCS)
@blueprint.route(route="docs", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@page(Permission.PUBLIC)
async def show_docs(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the binding
    """Show the same for people, on one page."""
    described = await asyncio.to_thread(PUBLISHED.document)
    return _pages.render(
        "docs.html",
        title=described["info"]["title"],
        version=described["info"]["version"],
        about=_paragraphs(described["info"]["description"]),
        chapters=list(_chapters(described)),
        schemas=[
            (name, _text(schema))
            for name, schema in sorted(described["components"]["schemas"].items())
        ],
    )


def _chapters(described: JsonObject) -> Iterator[tuple[str, list[JsonObject]]]:
    """Yield every heading with its operations, in the order of their paths."""
    for tag in described["tags"]:
        yield (
            tag["name"],
            [
                _operation(path, method, operation)
                for path, methods in described["paths"].items()
                for method, operation in methods.items()
                if tag["name"] in operation["tags"]
            ],
        )


def _operation(path: str, method: str, operation: JsonObject) -> JsonObject:
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "about": _paragraphs(f"{operation['summary']}.\n\n{operation['description']}"),
        "parameters": operation["parameters"],
        "bodies": _bodies(operation),
        "answers": [
            {"status": status, "about": one["description"].split("`"), "model": _model(one)}
            for status, one in operation["responses"].items()
        ],
    }


def _paragraphs(text: str) -> list[list[str]]:
    """Return paragraphs as pieces of plain text and code, in turn."""
    return [paragraph.split("`") for paragraph in text.split("\n\n")]


def _bodies(operation: JsonObject) -> list[JsonObject]:
    content = operation.get("requestBody", {}).get("content", {})
    return [
        {
            "media_type": media_type,
            "model": _referred(body["schema"]),
            "example": _text(body["example"]) if "example" in body else "",
        }
        for media_type, body in content.items()
    ]


def _model(answered: JsonObject) -> str:
    bodies: dict[str, JsonObject] = answered.get("content", {})
    names = [_referred(body.get("schema", {})) for body in bodies.values()]
    return next(filter(None, names), "")


def _referred(schema: JsonObject) -> str:
    """Return the name of the schema that is referred to, if one is."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _text(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
