"""The spelling of ids: which instance ids the platform accepts, and how entities are named."""

from typing import NamedTuple

MAX_INSTANCE_ID = 256  # characters, as the Durable extension allows
FORBIDDEN = frozenset("/\\?#")
EMPTY_KEY = "$"  # stands for the empty key in the management API


class EntityName(NamedTuple):
    """The two parts of an entity's id."""

    name: str
    key: str


def invalid_instance_id(instance_id: str) -> str | None:
    """Say what is wrong with an instance id; None when nothing is."""
    if instance_id.startswith("@"):
        return "Instance ids must not start with '@'."
    if len(instance_id) > MAX_INSTANCE_ID:
        return f"Instance ids must not be longer than {MAX_INSTANCE_ID} characters."
    if any(c in FORBIDDEN or not c.isprintable() for c in instance_id):
        return "Instance ids must not hold '/', '\\', '#', '?' or control characters."
    return None


def invalid_entity_key(key: str) -> str | None:
    """Say what is wrong with an entity's key; None when nothing is."""
    if any(c in FORBIDDEN or not c.isprintable() for c in key):
        return "Entity keys must not hold '/', '\\', '#', '?' or control characters."
    return None


def entity_id(name: str, key: str) -> str:
    """Return the instance id of an entity: ``@name@key``, the name in lower case."""
    return f"@{name.lower()}@{key}"


def is_entity(instance_id: str) -> bool:
    """Tell an entity's id from an orchestration's."""
    return instance_id.startswith("@")


def entity_name(instance_id: str) -> EntityName:
    """Take an entity's id apart."""
    name, _, key = instance_id.removeprefix("@").partition("@")
    return EntityName(name, key)
