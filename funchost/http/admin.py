"""The admin endpoints that tools ask: is the host up, what functions are there, which keys.

No key is needed, as with the platform's own local host; they are served on the main port only.
"""

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from funchost.http.answers import empty, json_answer, not_built
from funchost.http.contract import Function
from funchost.http.functions import url_path
from funchost.http.routes import Route, RouteTable, route

VERSION = "4.0.0.0"

type Page = Callable[[Mapping[str, str], str], web.Response]


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
        self, functions: Sequence[Function], *, identity: HostIdentity, prefix: str
    ) -> None:
        self._functions = functions
        self._identity = identity
        self._prefix = prefix
        self._begun = time.monotonic()
        self._table = RouteTable(self._routes())

    def answer(self, method: str, path: Sequence[str], base_url: str) -> web.Response:
        """Return the answer to a request for a path below ``/admin``."""
        found = self._table.find(method, path)
        if found is None:
            return empty(404)
        return found.target(found.values, base_url)

    def _routes(self) -> list[Route[Page]]:
        return [
            route("host/status", self._status, "GET"),
            route("host/ping", lambda _values, _base: empty(200), "GET", "POST"),
            route("host/keys", self._keys, "GET"),
            route("host/functionkeys", self._keys, "GET"),
            route("host/systemkeys", self._system_keys, "GET"),
            route("functions", self._all, "GET"),
            route("functions/{name}", self._one, "GET"),
            route("functions/{name}/status", self._function_status, "GET"),
            route(
                "functions/{name}",
                lambda _values, _base: not_built("running a function by hand"),
                "POST",
            ),
        ]

    def _status(self, _values: Mapping[str, str], _base_url: str) -> web.Response:
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

    def _keys(self, _values: Mapping[str, str], _base_url: str) -> web.Response:
        return _key_list("default", self._identity.host_key)

    def _system_keys(self, _values: Mapping[str, str], _base_url: str) -> web.Response:
        return _key_list("durabletask_extension", self._identity.system_key)

    def _all(self, _values: Mapping[str, str], base_url: str) -> web.Response:
        return json_answer(200, [self._listing(one, base_url) for one in self._functions])

    def _one(self, values: Mapping[str, str], base_url: str) -> web.Response:
        function = self._find(values["name"])
        return json_answer(200, self._listing(function, base_url)) if function else empty(404)

    def _function_status(self, values: Mapping[str, str], _base_url: str) -> web.Response:
        return json_answer(200, {}) if self._find(values["name"]) else empty(404)

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


def _key_list(name: str, value: str) -> web.Response:
    return json_answer(200, {"keys": [{"name": name, "value": value}], "links": []})
