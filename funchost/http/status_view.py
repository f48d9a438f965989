"""An instance as the management API shows it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from funchost.engine.ports import InstanceRecord
from funchost.http.payloads import stored_value


def status_view(
    record: InstanceRecord,
    *,
    show_input: bool = True,
    history: Sequence[dict[str, object]] | None = None,
) -> dict[str, object]:
    """Return the members of a status document; ``historyEvents`` only when there is a history."""
    view: dict[str, object] = {
        "name": record.name,
        "instanceId": record.instance_id,
        "runtimeStatus": record.status.value,
        "input": stored_value(record.input) if show_input else None,
        "customStatus": stored_value(record.custom_status),
        "output": stored_value(record.output),
        "createdTime": _to_the_second(record.created_at),
        "lastUpdatedTime": _to_the_second(record.updated_at),
    }
    if history is not None:
        view["historyEvents"] = list(history)
    return view


def _to_the_second(instant: datetime) -> str:
    return f"{instant.astimezone(UTC).isoformat(timespec='seconds')[:19]}Z"
