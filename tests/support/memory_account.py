"""A storage account in memory: the application's own tables and containers over the SDK's calls.

Everything above the SDK's clients is real: atomic writes, lost races, rows and keys. What is not
here: calls that shared.storage does not make, and OData beyond comparisons joined by "and".
"""

import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import eq, ge, gt, le, lt
from typing import TYPE_CHECKING, Any, Final, cast, override

from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables import EntityProperty, TransactionOperation, UpdateMode

from shared.storage import Container, Storage, Table

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

_COMPARISON: Final = re.compile(r"(\w+) (eq|ge|gt|le|lt) @(\w+)")
_OPERATORS: Final = {"eq": eq, "ge": ge, "gt": gt, "le": le, "lt": lt}


class Entity(dict[str, Any]):
    """A row as the SDK gives it."""

    metadata: dict[str, str]


def _refused[E: HttpResponseError](kind: type[E], code: str) -> E:
    error = kind(code)
    cast("Any", error).error_code = code
    return error


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, EntityProperty) else value


@dataclass
class MemoryTableClient:
    """What shared.storage.Table uses of the SDK's ``TableClient``."""

    table_name: str
    held: dict[tuple[str, str], Entity] = field(default_factory=dict[tuple[str, str], Entity])
    version: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def create_table(self) -> object:
        return None

    def get_entity(self, partition_key: str, row_key: str) -> Entity:
        found = self.held.get((partition_key, row_key))
        if found is None:
            raise _refused(ResourceNotFoundError, "ResourceNotFound")
        return found

    def create_entity(self, entity: Mapping[str, Any]) -> object:
        self.submit_transaction([(TransactionOperation.CREATE, dict(entity), {})])
        return None

    def update_entity(
        self,
        entity: Mapping[str, Any],
        mode: UpdateMode,
        *,
        etag: str | None,
        match_condition: MatchConditions | None,
    ) -> object:
        condition = {"mode": mode, "etag": etag, "match_condition": match_condition}
        self.submit_transaction([(TransactionOperation.UPDATE, dict(entity), condition)])
        return None

    def upsert_entity(self, entity: Mapping[str, Any], mode: UpdateMode) -> object:
        self.submit_transaction([(TransactionOperation.UPSERT, dict(entity), {"mode": mode})])
        return None

    def delete_entity(
        self,
        entity: Mapping[str, Any],
        *,
        etag: str | None,
        match_condition: MatchConditions | None,
    ) -> object:
        assert match_condition in {None, MatchConditions.IfNotModified}
        with self.lock:
            key = (entity["PartitionKey"], entity["RowKey"])
            if etag:
                self._expect(key, etag)
            self.held.pop(key, None)
        return None

    def submit_transaction(
        self, operations: Sequence[tuple[TransactionOperation, dict[str, Any], dict[str, Any]]]
    ) -> object:
        with self.lock:
            keys = [(entity["PartitionKey"], entity["RowKey"]) for _, entity, _ in operations]
            assert len(set(keys)) == len(keys) <= 100
            assert len({partition for partition, _ in keys}) == 1
            for key, (operation, _, condition) in zip(keys, operations, strict=True):
                match operation:
                    case TransactionOperation.CREATE:
                        if key in self.held:
                            raise _refused(ResourceExistsError, "EntityAlreadyExists")
                    case TransactionOperation.UPDATE:
                        self._expect(key, condition["etag"])
                    case _:
                        assert operation is TransactionOperation.UPSERT
            for key, (_, entity, _) in zip(keys, operations, strict=True):
                self._keep(key, entity)
        return None

    def query_entities(
        self,
        query_filter: str,
        *,
        parameters: dict[str, Any] | None,
        select: list[str] | None = None,
    ) -> Iterable[Entity]:
        del select
        wanted = list(_comparisons(query_filter, parameters or {}))
        with self.lock:
            found = [
                entity
                for entity in self.held.values()
                if all(
                    name in entity and _OPERATORS[operator](_plain(entity[name]), value)
                    for name, operator, value in wanted
                )
            ]
        return sorted(found, key=lambda entity: (entity["PartitionKey"], entity["RowKey"]))

    def _expect(self, key: tuple[str, str], etag: str | None) -> None:
        known = self.held.get(key)
        if known is None:
            raise _refused(ResourceNotFoundError, "ResourceNotFound")
        if known.metadata["etag"] != etag:
            raise _refused(ResourceModifiedError, "UpdateConditionNotSatisfied")

    def _keep(self, key: tuple[str, str], entity: Mapping[str, Any]) -> None:
        self.version += 1
        kept = Entity(entity)
        kept.metadata = {"etag": str(self.version)}
        self.held[key] = kept


def _comparisons(condition: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for part in condition.split(" and "):
        found = _COMPARISON.fullmatch(part)
        assert found, f"not understood here: {part}"
        name, operator, parameter = found.groups()
        yield name, operator, parameters[parameter]


@dataclass(frozen=True, slots=True)
class _Content:
    content: bytes

    def readall(self) -> bytes:
        return self.content


@dataclass
class MemoryContainerClient:
    """What writing once, reading and listing use of the SDK's ``ContainerClient``."""

    container_name: str
    held: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def create_container(self) -> None:
        """There is nothing to be made."""

    def upload_blob(self, name: str, content: bytes, *, overwrite: bool, **_: object) -> None:
        assert not overwrite
        if self.held.setdefault(name, content) is not content:
            raise _refused(ResourceExistsError, "BlobAlreadyExists")

    def download_blob(self, name: str) -> _Content:
        if name not in self.held:
            raise _refused(ResourceNotFoundError, "BlobNotFound")
        return _Content(self.held[name])

    def list_blob_names(self, *, name_starts_with: str) -> Iterator[str]:
        return iter(sorted(name for name in self.held if name.startswith(name_starts_with)))


type Held = dict[str, dict[Any, Any]]


class MemoryStorage(Storage):
    """A ``Storage`` whose account is this process's memory."""

    def __init__(self, *, beside: "MemoryStorage | None" = None) -> None:
        """Make an account, or look as another process would at one that there is."""
        self._prefix = ""
        self._lock = threading.Lock()
        self._opened_tables: dict[str, Table] = {}
        self._opened_containers: dict[str, Container] = {}
        self._clients: dict[str, MemoryTableClient | MemoryContainerClient] = (
            beside._clients if beside else {}
        )

    @override
    def close(self) -> None:
        """Nothing is held open."""

    def snapshot(self) -> Held:
        """Remember everything that is kept now."""
        return {name: dict(client.held) for name, client in self._clients.items()}

    def restore(self, held: Held) -> None:
        """Make everything as it was; what was made since is empty."""
        for name, client in self._clients.items():
            client.held = dict(held.get(name, {}))

    @override
    def _built_table(self, name: str) -> Table:
        client = self._clients.setdefault(f"table {name}", MemoryTableClient(name))
        return Table(cast("MemoryTableClient", client))

    @override
    def _built_container(self, name: str) -> Container:
        client = self._clients.setdefault(f"container {name}", MemoryContainerClient(name))
        return Container(cast("ContainerClient", client))
