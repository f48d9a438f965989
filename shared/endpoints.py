"""The one decorator of every HTTP function: who may call it, what it is, what its errors become.

It stands below the SDK's decorators, next to the handler. Who may do what is in shared.access, how
errors look in shared.http (programs) and shared.pages (people).
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

import azure.functions as func

from shared.access import Permission, require
from shared.descriptions import Operation
from shared.errors import WorkflowError
from shared.http import problem

type Handler = Callable[..., Awaitable[func.HttpResponse]]
type Told = Callable[[func.HttpRequest, WorkflowError | None], func.HttpResponse]

_DECLARED: Final = "declared_endpoint"
_UNDESCRIBED: Final = Operation()

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """What an HTTP function declares; ``about`` is its docstring."""

    permission: Permission
    operation: Operation
    about: str


def endpoint(
    permission: Permission, operation: Operation = _UNDESCRIBED, *, told: Told = problem
) -> Callable[[Handler], Handler]:
    """Declare a handler: it runs for whoever has the permission, and what it raises is told.

    Named errors say their message; anything else is logged with its traceback and answered with
    nothing but the fact.

    Args:
        permission: what callers need.
        operation: what the function takes, answers and refuses.
        told: puts an error, or None for an unforeseen one, into an answer.
    """

    def declared(handler: Handler) -> Handler:
        @wraps(handler)
        async def guarded(req: func.HttpRequest, **bindings: Any) -> func.HttpResponse:
            try:
                require(req, permission)
                return await handler(req, **bindings)
            except WorkflowError as error:
                return told(req, error)
            except Exception:
                _logger.exception("unhandled failure in %s", handler.__name__)
                return told(req, None)

        # In the function's dictionary, which the SDK's own wrappers copy.
        vars(guarded)[_DECLARED] = Endpoint(
            permission=permission, operation=operation, about=handler.__doc__ or ""
        )
        return guarded

    return declared


def endpoint_of(function: Callable[..., Any]) -> Endpoint | None:
    """Return what a registered function declares, or None when it declares nothing."""
    found = vars(function).get(_DECLARED)
    return found if isinstance(found, Endpoint) else None
