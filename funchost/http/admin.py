"""The admin endpoints that tools ask: is the host up, which functions and keys, run this one.

They are served on the main port only. Whether a key is needed is decided before a call gets here.
"""

import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from funchost.http.answers import empty, json_answer, refusal
from funchost.http.contract import Function, NotRunnableError, RunByHand
from funchost.http.functions import url_path
from funchost.http.keys import DEFAULT, DURABLE_EXTENSION, Keys, NamedKeys
from funchost.http.routes import Route, RouteTable, route

VERSION = "4.0.0.0"

PING = ("host", "ping")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminCall:
    """A request below ``/admin``; ``values`` are those of its route."""

    values: Mapping[str, str]
    base_url: str
    body: bytes


type Page = Callable[[AdminCall], web.Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostIdentity:
    """What the host says of itself."""

    host_id: str
    instance_id: str
    host_key: str
    system_key: str


class Admin:
    """Answers below ``/admin``."""

    def __init__(
        self,
        functions: Sequence[Function],
        *,
        identity: HostIdentity,
        prefix: str,
        keys: Keys | None = None,
        run_by_hand: RunByHand | None = None,
    ) -> None:
        """Without ``keys`` none is asked for, and those of the identity are told."""
        self._keys = keys
        self._run = run_by_hand
        self._functions = functions
        self._identity = identity
        self._prefix = prefix
        self._begun = time.monotonic()
        self._table = RouteTable(self._routes())

    def answer(
        self, method: str, path: Sequence[str], base_url: str, body: bytes = b""
    ) -> web.Response:
        """Return the answer to a request for a path below ``/admin``."""
        found = self._table.find(method, path)
        if found is None:
            return empty(404)
        return found.target(AdminCall(values=found.values, base_url=base_url, body=body))

    def _routes(self) -> list[Route[Page]]:
        return [
            route("host/status", self._status, "GET"),
            route("host/ping", lambda _call: empty(200), "GET", "POST"),
            route("host/keys", self._host_keys, "GET"),
            route("host/functionkeys", self._host_keys, "GET"),
            route("host/systemkeys", self._system_keys, "GET"),
            route("functions", self._all, "GET"),
            route("functions/{name}", self._one, "GET"),
            route("functions/{name}", self._run_one, "POST"),
            route("functions/{name}/keys", self._function_keys, "GET"),
            route("functions/{name}/status", self._function_status, "GET"),
        ]

    def _status(self, _call: AdminCall) -> web.Response:
        return json_answer(
            200,
            {
                "id": self._identity.host_id,
                "state": "Running",
                "version": VERSION,
                "versionDetails": f"{VERSION} (funchost)",
                "platformVersion": "",
                "instanceId": self._identity.instance_id,
                "computerName": platform.node(),
                "processUptime": round((time.monotonic() - self._begun) * 1000),
                "functionAppContentEditingState": "Unknown",
            },
        )

    def _host_keys(self, _call: AdminCall) -> web.Response:
        return _key_list(self._keys.host if self._keys else {DEFAULT: self._identity.host_key})

    def _system_keys(self, _call: AdminCall) -> web.Response:
        own = {DURABLE_EXTENSION: self._identity.system_key}
        return _key_list(self._keys.system if self._keys else own)

    def _function_keys(self, call: AdminCall) -> web.Response:
        function = self._find(call.values["name"])
        if function is None:
            return empty(404)
        return _key_list(self._keys.functions.get(function.name, {}) if self._keys else {})

    def _all(self, call: AdminCall) -> web.Response:
        return json_answer(200, [self._listing(one, call.base_url) for one in self._functions])

    def _one(self, call: AdminCall) -> web.Response:
        function = self._find(call.values["name"])
        return json_answer(200, self._listing(function, call.base_url)) if function else empty(404)

    def _function_status(self, call: AdminCall) -> web.Response:
        return json_answer(200, {}) if self._find(call.values["name"]) else empty(404)

    def _run_one(self, call: AdminCall) -> web.Response:
        """Begin to run a function: 202, and what becomes of it is in the log."""
        function = self._find(call.values["name"])
        if function is None or function.is_disabled or self._run is None:
            return empty(404)
        try:
            self._run(function.name, _input_of(call.body))
        except (NotRunnableError, ValueError) as error:
            return refusal(400, str(error))
        return empty(202)

    def _find(self, name: str) -> Function | None:
        wanted = name.casefold()
        return next((one for one in self._functions if one.name.casefold() == wanted), None)

    def _listing(self, function: Function, base_url: str) -> dict[str, object]:
        invoke_url = f"{base_url}/{url_path(function, self._prefix)}".lower()
        return {
            "name": function.name,
            "script_root_path_href": f"{base_url}/admin/vfs/{function.name}/",
            "script_href": f"{base_url}/admin/vfs/{function.script_file}",
            "config_href": None,
            "test_data_href": None,
            "href": f"{base_url}/admin/functions/{function.name}",
            "invoke_url_template": invoke_url if function.is_http else None,
            "language": "python",
            "config": {
                "name": function.name,
                "entryPoint": function.entry_point or function.name,
                "scriptFile": function.script_file,
                "language": "python",
                "functionDirectory": function.directory,
                "bindings": [dict(binding) for binding in function.bindings],
            },
            "files": None,
            "test_data": None,
            "isDisabled": function.is_disabled,
            "isDirect": False,
            "isProxy": False,
        }


def _input_of(body: bytes) -> str | None:
    """Read ``{"input": "..."}``; raises ValueError for anything else."""
    match json.loads(body or b"null"):
        case {"input": None | str() as text}:
            return text
        case {"input": value}:
            return json.dumps(value)
        case dict():
            return None
        case _:
            raise ValueError('The body must be a JSON object such as {"input": "text"}.')


def _key_list(keys: NamedKeys) -> web.Response:
    listed = [{"name": name, "value": value} for name, value in keys.items()]
    return json_answer(200, {"keys": listed, "links": []})
