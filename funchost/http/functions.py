"""HTTP triggers: from a request to the function that its route means, and back.

Running the function is the worker's business, injected as ``invoke``.
"""

import logging
import time
from collections.abc import Iterable, Sequence

from aiohttp import web

from funchost.categories import function_logger
from funchost.engine.calls import WorkerUnavailableError
from funchost.errors import StartError
from funchost.http.answers import empty
from funchost.http.auth import Guard, key_of
from funchost.http.contract import Function, Invoke
from funchost.http.messages import (
    RequestRefusedError,
    UnsendableAnswerError,
    body_of,
    request_value,
    response_of,
)
from funchost.http.routes import Match, Route, RouteTable, route
from funchost.http.templates import TemplateError
from funchost.worker.errors import WorkerError
from funchost.worker.http import HttpRequest

log = logging.getLogger(__name__)

LONGEST_PATH_LOGGED = 200
UNAUTHORIZED = 401
SERVER_ERROR = 500
STOPPING = 503


class HttpTriggers:
    """The routes of an app.

    Raises (when built):
        StartError: a route cannot be read.
    """

    def __init__(
        self,
        functions: Iterable[Function],
        *,
        prefix: str,
        invoke: Invoke,
        body_limit: int,
        guard: Guard | None = None,
    ) -> None:
        served = [each for each in functions if each.is_http and not each.is_disabled]
        self._table = RouteTable(_route(function, prefix) for function in served)
        self._levels = {function.name: function.auth_level for function in served}
        self._guard = guard
        self._invoke = invoke
        self._body_limit = body_limit

    async def answer(self, request: web.BaseRequest, path: Sequence[str]) -> web.Response | None:
        """Run the function that a request means; None when there is none.

        Without the key that it asks for the answer is 401, if keys are asked for. A function that
        fails gives 500 without a body: what went wrong is for the log alone.
        """
        found = self._table.find(request.method, path)
        if found is None:
            return None
        if not self._is_open(found.target, request):
            return empty(UNAUTHORIZED)
        begun = time.perf_counter()
        response = await self._run(request, found)
        took_ms = round((time.perf_counter() - begun) * 1000)
        logging.getLogger(function_logger(found.target)).log(
            logging.ERROR if response.status >= SERVER_ERROR else logging.INFO,
            "%s %s → %s %d in %d ms",
            request.method,
            request.rel_url.raw_path[:LONGEST_PATH_LOGGED],
            found.target,
            response.status,
            took_ms,
        )
        return response

    def _is_open(self, name: str, request: web.BaseRequest) -> bool:
        if self._guard is None:
            return True
        brought = key_of(request.headers, request.rel_url.raw_query_string)
        return self._guard.opens_function(name, self._levels[name], brought)

    async def _run(self, request: web.BaseRequest, found: Match[str]) -> web.Response:
        try:
            body = await body_of(request, self._body_limit)
            value = request_value(request, params=found.values, body=body)
        except RequestRefusedError as error:
            log.debug("%s was not called: %s", found.target, error)
            refused = empty(error.status)
            refused.force_close()  # the rest of the body is not wanted
            return refused
        return await self._result(found.target, value)

    async def _result(self, name: str, value: HttpRequest) -> web.Response:
        try:
            return response_of(await self._invoke(name, value))
        except WorkerError:  # logged where it happened
            return empty(SERVER_ERROR)
        except WorkerUnavailableError:
            return empty(STOPPING)
        except UnsendableAnswerError as error:
            log.error("The answer of %s cannot be sent. %s", name, error)  # noqa: TRY400 - the app's
            return empty(SERVER_ERROR)
        except Exception:
            log.exception("Running %s failed in the host itself.", name)
            return empty(SERVER_ERROR)


def url_path(function: Function, prefix: str) -> str:
    """Return the route of an HTTP function with its prefix, as a path without leading slash."""
    whole = f"{prefix.strip('/')}/{(function.route or function.name).strip('/')}"
    return whole.strip("/")


def _route(function: Function, prefix: str) -> Route[str]:
    try:
        return route(url_path(function, prefix), function.name, *function.methods)
    except TemplateError as error:
        raise StartError(
            f"The route '{function.route}' of function '{function.name}' cannot be read: {error}."
        ) from error
