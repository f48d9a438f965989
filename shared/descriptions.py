"""What an HTTP function says of itself beyond its route: what it takes, answers and refuses.

Values only, written next to the handlers. The document that is made of them is in
shared.openapi.document; summary and description are a handler's docstring.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

from shared.models import JsonObject

JSON: Final = "application/json"
HTML: Final = "text/html"
PROBLEM_JSON: Final = "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A query parameter or header; ``type`` is anything that pydantic makes a schema of."""

    name: str
    description: str
    type: Any = str
    place: Literal["query", "header"] = "query"
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """What can be done next with an answer: which function, and what of the answer goes where.

    ``parameters`` maps its parameters to runtime expressions: ``$response.body#/instanceId``.
    """

    function: str
    parameters: Mapping[str, str]
    body: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one status means; ``model`` is anything that pydantic makes a schema of."""

    description: str
    model: Any = None
    media_types: tuple[str, ...] = (JSON,)
    headers: tuple[str, ...] = ()
    follow: tuple[Follow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a function takes, answers and refuses.

    Attributes:
        tag: under which heading it is listed.
        request: the body's model; with other media types than JSON, what the bytes are.
        media_types: what the body may be declared as.
        example: a body that is accepted.
        path: the type of each path parameter that is more than a text.
        parameters: query parameters and headers.
        answers: what each status of success means.
        refuses: codes of the errors that it answers beyond those that all functions have.
        repeats: what sending the same again does; every POST says so.
        tells: the media type of refusals.
    """

    tag: str = ""
    request: Any = None
    media_types: tuple[str, ...] = (JSON,)
    example: JsonObject | None = None
    path: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    parameters: tuple[Parameter, ...] = ()
    answers: Mapping[int, Answer] = field(default_factory=lambda: MappingProxyType({}))
    refuses: tuple[str, ...] = ()
    repeats: str = ""
    tells: str = PROBLEM_JSON
