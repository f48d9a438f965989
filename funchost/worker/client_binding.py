"""The text that a durable client binding hands to a function: where this host's task hub is.

The SDK's client talks to ``rpcBaseUrl`` alone; the other addresses are for the user to pass on.
"""

import json
from dataclasses import dataclass
from urllib.parse import quote

from funchost.worker.functions import Binding

DEFAULT_CONNECTION = "Storage"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEndpoint:
    """Where clients find the task hub.

    Attributes:
        public_url: scheme, host and port that people use, without a path.
        rpc_url: the same for the SDK's client; an address that needs no name resolution.
        hub: the task hub's name.
        key: the system key that the addresses carry.
    """

    public_url: str
    rpc_url: str
    hub: str
    key: str


def client_text(endpoint: ClientEndpoint, binding: Binding) -> str:
    """Return the JSON text for one durableClient binding."""
    hub = str(binding.settings.get("taskHub") or endpoint.hub)
    connection = binding.settings.get("connectionName")
    base = f"{endpoint.public_url}/runtime/webhooks/durabletask"
    code = f"code={quote(endpoint.key, safe='')}"
    create = f"{base}/orchestrators/{{functionName}}[/{{instanceId}}]?"
    wait = "timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}&"
    return json.dumps(
        {
            "taskHubName": hub,
            "connectionName": connection,
            "creationUrls": {
                "createNewInstancePostUri": f"{create}{code}",
                "createAndWaitOnNewInstancePostUri": f"{create}{wait}{code}",
            },
            "managementUrls": _management_urls(base, hub, connection, code),
            "baseUrl": base,
            "requiredQueryStringParameters": code,
            "rpcBaseUrl": f"{endpoint.rpc_url}/durabletask/",
            "httpBaseUrl": None,
        },
        separators=(",", ":"),
    )


def _management_urls(base: str, hub: str, connection: str | None, code: str) -> dict[str, str]:
    instance = f"{base}/instances/INSTANCEID"  # the SDK puts the id in its place
    where = (
        f"taskHub={quote(hub, safe='')}"
        f"&connection={quote(connection or DEFAULT_CONNECTION, safe='')}&{code}"
    )
    because = f"reason={{text}}&{where}"
    return {
        "id": "INSTANCEID",
        "statusQueryGetUri": f"{instance}?{where}",
        "sendEventPostUri": f"{instance}/raiseEvent/{{eventName}}?{where}",
        "terminatePostUri": f"{instance}/terminate?{because}",
        "rewindPostUri": f"{instance}/rewind?{because}",
        "purgeHistoryDeleteUri": f"{instance}?{where}",
        "restartPostUri": f"{instance}/restart?{where}",
        "suspendPostUri": f"{instance}/suspend?{because}",
        "resumePostUri": f"{instance}/resume?{because}",
    }
