"""The URLs by which a client follows and manages an instance.

The nine-URL form for the SDK's client is made by the worker from the base URL; this is the
eight-URL form of the API's own answers.
"""

from dataclasses import dataclass
from urllib.parse import quote

MOUNT = ("runtime", "webhooks", "durabletask")
PATH = "/" + "/".join(MOUNT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What every URL carries: the task hub, its connection, and the system key."""

    hub: str
    connection: str
    key: str

    def of(self, base_url: str, instance_id: str) -> dict[str, str]:
        """Return the id and the URLs for an instance, by the names clients know."""
        instance = f"{base_url}/instances/{quote(instance_id, safe='')}"
        suffix = (
            f"taskHub={quote(self.hub, safe='')}"
            f"&connection={quote(self.connection, safe='')}&code={quote(self.key, safe='')}"
        )
        return {
            "id": instance_id,
            "statusQueryGetUri": f"{instance}?{suffix}",
            "sendEventPostUri": f"{instance}/raiseEvent/{{eventName}}?{suffix}",
            "terminatePostUri": f"{instance}/terminate?reason={{text}}&{suffix}",
            "purgeHistoryDeleteUri": f"{instance}?{suffix}",
            "restartPostUri": f"{instance}/restart?{suffix}",
            "suspendPostUri": f"{instance}/suspend?reason={{text}}&{suffix}",
            "resumePostUri": f"{instance}/resume?reason={{text}}&{suffix}",
        }
