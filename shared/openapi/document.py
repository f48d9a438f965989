"""Makes the OpenAPI document of the functions that are registered, and of what they declare.

Pure. Which errors there are is in problems, what JSON looks like in schemas.
"""

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Final

from pydantic import Field

from shared.access import RULES, Rule
from shared.descriptions import JSON, Answer, Follow, Operation
from shared.durable import INSTANCE_ID_PATTERN
from shared.endpoints import Endpoint
from shared.http import API_PREFIX
from shared.models import JsonObject
from shared.openapi.problems import Problem, refusals
from shared.openapi.schemas import Schemas
from shared.registered import HttpFunction

VERSION: Final = "0.1.0"
_TITLE: Final = "Workflow functions"
_ABOUT: Final = """
Long-running business workflows: orders, sagas, approvals, batches.

Bodies are JSON in UTF-8, with camelCase names; unknown names are refused. Instants are RFC 3339 in
UTC, money is whole minor units with an ISO 4217 code. Errors are `application/problem+json`.
Whatever starts or changes something may be sent again after a lost answer: each operation says what
makes the repeat the same.
"""
_KEY: Final = "functionKey"
_IDENTITY: Final = "identity"
_SCHEMES: Final[JsonObject] = {
    _KEY: {
        "type": "apiKey",
        "in": "header",
        "name": "x-functions-key",
        "description": "What programs have. The platform checks it.",
    },
    _IDENTITY: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "What people have: a token or session of App Service's authentication."
        " Roles are app roles; any one of those named is enough.",
    },
}
_IN_PATH: Final = re.compile(r"\{\*?(\w+)\}")
_INSTANCE_ID: Final = Annotated[str, Field(pattern=f"^{INSTANCE_ID_PATTERN}$")]
_TEXT: Final = Annotated[str, Field(min_length=1)]
_BODIES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def document(functions: Iterable[HttpFunction]) -> JsonObject:
    """Return the OpenAPI document: every route and method, once."""
    listed = [function for function in functions if function.endpoint]
    schemas = Schemas([Problem, _INSTANCE_ID, _TEXT, *(_types(listed))])
    paths: dict[str, JsonObject] = {}
    for function in listed:
        for method in function.methods:
            described = _operation(function, method, schemas)
            paths.setdefault(path_of(function), {})[method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": _TITLE, "version": VERSION, "description": _running(_ABOUT)},
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in sorted({tag_of(function) for function in listed})],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": schemas.components, "securitySchemes": _SCHEMES},
    }


def path_of(function: HttpFunction) -> str:
    """Return the path as clients write it."""
    return f"{API_PREFIX}/{_IN_PATH.sub(r'{\1}', function.route)}"


def tag_of(function: HttpFunction) -> str:
    """Return the heading under which a function is listed."""
    named = function.endpoint.operation.tag if function.endpoint else ""
    return named or function.route.partition("/")[0].capitalize()


def _types(functions: Iterable[HttpFunction]) -> Iterator[Any]:
    for function in functions:
        operation = _declared(function).operation
        yield from operation.path.values()
        yield from (parameter.type for parameter in operation.parameters)
        yield from (answer.model for answer in operation.answers.values() if answer.model)
        if operation.request is not None:
            yield operation.request


def _declared(function: HttpFunction) -> Endpoint:
    if function.endpoint is None:
        raise LookupError(f"{function.name} declares nothing")
    return function.endpoint


def _operation(function: HttpFunction, method: str, schemas: Schemas) -> JsonObject:
    declared = _declared(function)
    summary, _, more = inspect.cleandoc(declared.about).partition("\n")
    description = [_running(more), f"For {RULES[declared.permission].who}."]
    is_change = method in _BODIES
    if declared.operation.repeats and is_change:
        description.append(f"Sent again: {declared.operation.repeats}")
    described: JsonObject = {
        "operationId": operation_id(function, method),
        "tags": [tag_of(function)],
        "summary": summary.rstrip(".").replace("``", "`"),
        "description": "\n\n".join(filter(None, description)),
        "security": _security(RULES[declared.permission]),
        "x-permission": declared.permission.value,
        "parameters": _parameters(function, declared.operation, schemas),
        "responses": _responses(function, method, schemas),
    }
    if declared.operation.request is not None and method in _BODIES:
        described["requestBody"] = _body(declared.operation, schemas)
    return described


def _running(text: str) -> str:
    """Return paragraphs without the line ends of the source, in the marks of Markdown."""
    paragraphs = text.strip().split("\n\n")
    return "\n\n".join(" ".join(part.split()) for part in paragraphs).replace("``", "`")


def operation_id(function: HttpFunction, method: str) -> str:
    """Return the function's name; of its further methods, with the method behind it."""
    is_first = method == function.methods[0]
    return function.name if is_first else f"{function.name}_{method.lower()}"


def _security(rule: Rule) -> list[JsonObject]:
    key: dict[str, list[str]] = {_KEY: []} if rule.needs_key else {}
    if not rule.needs_identity:
        return [key] if key else []
    roles: Sequence[Sequence[str]] = [[role.value] for role in sorted(rule.roles)] or [[]]
    return [{**key, _IDENTITY: list(role)} for role in roles]


def _parameters(function: HttpFunction, operation: Operation, schemas: Schemas) -> list[JsonObject]:
    in_path = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": schemas.of(operation.path.get(name, _default_type(name))),
        }
        for name in _IN_PATH.findall(function.route)
    ]
    others = [
        {
            "name": parameter.name,
            "in": parameter.place,
            "required": parameter.required,
            "description": parameter.description,
            "schema": schemas.of(parameter.type),
        }
        for parameter in operation.parameters
    ]
    return [*in_path, *others]


def _default_type(name: str) -> Any:
    return _INSTANCE_ID if name == "instanceId" else _TEXT


def _body(operation: Operation, schemas: Schemas) -> JsonObject:
    content: JsonObject = {"schema": schemas.of(operation.request)}
    if operation.example is not None:
        content["example"] = operation.example
    return {
        "required": True,
        "content": dict.fromkeys(operation.media_types, content),
    }


def _responses(function: HttpFunction, method: str, schemas: Schemas) -> JsonObject:
    answers = _declared(function).operation.answers or {200: Answer(description="Done.")}
    told = {
        str(status): _answer(status, answer, method, schemas) for status, answer in answers.items()
    }
    return dict(sorted({**refusals(function, method), **told}.items()))


def _answer(status: int, answer: Answer, method: str, schemas: Schemas) -> JsonObject:
    described: JsonObject = {"description": answer.description}
    if method != "HEAD" and answer.media_types:
        schema = schemas.of(answer.model) if answer.model else {}
        described["content"] = {
            media_type: {"schema": schema} if media_type == JSON else {}
            for media_type in answer.media_types
        }
    if answer.headers:
        described["headers"] = {name: {"schema": {"type": "string"}} for name in answer.headers}
    if answer.follow:
        described["links"] = {
            f"{follow.function}_{status}": _link(follow) for follow in answer.follow
        }
    return described


def _link(follow: Follow) -> JsonObject:
    link: JsonObject = {"operationId": follow.function, "parameters": dict(follow.parameters)}
    return link if follow.body is None else {**link, "requestBody": follow.body}
