"""The engine's values as the rows of ``schema.sql``, and back."""

from collections.abc import Mapping
from typing import Any

from funchost.engine.events import Message, RuntimeStatus
from funchost.engine.ports import ActivityItem, InstanceQuery, InstanceRecord, TimerItem
from funchost.storage.events_json import (
    decode_message_event,
    decode_parent,
    encode_event,
    encode_parent,
)
from funchost.storage.instants import from_micros, to_micros

type Row = Mapping[str, Any]  # the named parameters of a statement
type Columns = tuple[Any, ...]  # a result, in the order of its SELECT

MAX_INTEGER = 2**63 - 1
BEYOND_ALL_TEXT = b""  # in SQLite's order of values every blob comes after every text
LAST_BEFORE_SURROGATES = 0xD7FF
FIRST_AFTER_SURROGATES = 0xE000
LAST_CODE_POINT = 0x10FFFF


def instance_row(record: InstanceRecord) -> dict[str, Any]:
    """Return the parameters of ``create_instance`` and, but for the fence, ``advance_instance``."""
    return {
        "instance_id": record.instance_id,
        "execution_id": record.execution_id,
        "name": record.name,
        "version": record.version,
        "status": record.status.value,
        "created_at": to_micros(record.created_at),
        "updated_at": to_micros(record.updated_at),
        "episode": record.episode,
        "parent": encode_parent(record.parent) if record.parent else None,
        "custom_status": _payload(record.custom_status),
        "output": _payload(record.output),
        "input": _payload(record.input),
    }


def record_from(columns: Columns) -> InstanceRecord:
    """Return the record of a row of ``get_instance`` or ``query_instances``."""
    instance_id, execution_id, name, version, status, *more = columns
    created_at, updated_at, episode, parent, custom_status, output, payload = more
    return InstanceRecord(
        instance_id=instance_id,
        execution_id=execution_id,
        name=name,
        version=version,
        status=RuntimeStatus(status),
        created_at=from_micros(created_at),
        updated_at=from_micros(updated_at),
        episode=episode,
        parent=decode_parent(parent) if parent is not None else None,
        custom_status=_text(custom_status),
        output=_text(output),
        input=_text(payload),
    )


def message_row(instance_id: str, message: Message) -> Row:
    """Return the parameters of ``add_message``."""
    return {
        "instance_id": instance_id,
        "sequence": message.sequence,
        "execution_id": message.execution_id,
        "event": encode_event(message.event),
    }


def message_from(columns: Columns) -> Message:
    """Return the message of a row of ``read_inbox``."""
    sequence, execution_id, event = columns
    return Message(sequence=sequence, execution_id=execution_id, event=decode_message_event(event))


def activity_row(item: ActivityItem) -> Row:
    """Return the parameters of ``add_activity``."""
    return {
        "instance_id": item.instance_id,
        "execution_id": item.execution_id,
        "task_id": item.task_id,
        "name": item.name,
        "input": _payload(item.input),
    }


def activity_from(columns: Columns) -> ActivityItem:
    """Return the item of a row of ``read_activities``."""
    instance_id, execution_id, task_id, name, payload = columns
    return ActivityItem(
        instance_id=instance_id,
        execution_id=execution_id,
        task_id=task_id,
        name=name,
        input=_text(payload) or "",
    )


def timer_row(item: TimerItem) -> Row:
    """Return the parameters of ``add_timer``."""
    return {
        "instance_id": item.instance_id,
        "execution_id": item.execution_id,
        "timer_id": item.timer_id,
        "fire_at": to_micros(item.fire_at),
    }


def timer_from(columns: Columns) -> TimerItem:
    """Return the item of a row of ``read_timers``."""
    instance_id, execution_id, timer_id, fire_at = columns
    return TimerItem(
        instance_id=instance_id,
        execution_id=execution_id,
        timer_id=timer_id,
        fire_at=from_micros(fire_at),
    )


def query_row(query: InstanceQuery) -> Row:
    """Return the parameters of ``query_instances``."""
    created_from, created_to = query.created_from, query.created_to
    statuses = ",".join(f'"{status}"' for status in sorted(query.statuses))
    return {
        "after_id": query.after_id or "",
        "id_prefix": query.id_prefix,
        "prefix_successor": prefix_successor(query.id_prefix),
        "created_from": -MAX_INTEGER if created_from is None else to_micros(created_from),
        "created_to": MAX_INTEGER if created_to is None else to_micros(created_to),
        "statuses": f"[{statuses}]",
        "entities": query.entities,
        "limit": query.limit,
    }


def prefix_successor(prefix: str) -> str | bytes:
    """Return the least value above every text that starts with the prefix."""
    stem = prefix.rstrip(chr(LAST_CODE_POINT))
    if not stem:
        return BEYOND_ALL_TEXT
    last = ord(stem[-1])
    follower = FIRST_AFTER_SURROGATES if last == LAST_BEFORE_SURROGATES else last + 1
    return stem[:-1] + chr(follower)


def _payload(text: str | None) -> str | bytes | None:
    """Return what a payload column holds: bytes when UTF-8 cannot carry the text."""
    if text is None or text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="surrogatepass")
    return text


def _text(value: str | bytes | None) -> str | None:
    return value.decode(errors="surrogatepass") if isinstance(value, bytes) else value
