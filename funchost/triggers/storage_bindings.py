"""Queue and blob bindings of any function: implements the worker's ``Bindings`` port.

What an app's bindings say is checked when the host starts; only values that a call brings can
still be missing later.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from funchost.dispatch.ports import Clock
from funchost.triggers.accounts import Accounts
from funchost.triggers.errors import TriggerError
from funchost.triggers.expressions import Sources, resolved, with_settings
from funchost.triggers.ports import StorageFailedError
from funchost.triggers.queue_text import MessageEncoding, bodies, encoded
from funchost.worker.errors import BindingFailedError
from funchost.worker.functions import QUEUE, Binding
from funchost.worker.occasions import BindingData
from funchost.worker.protos import TypedData

NOTHING: Final = TypedData()


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageBindings:
    """Reads blobs, writes blobs and queue messages."""

    accounts: Accounts
    settings: Mapping[str, str]
    encoding: MessageEncoding
    clock: Clock
    new_id: Callable[[], str]

    def check(self, binding: Binding) -> None:
        """Raise TriggerError when a binding can never work."""
        self.accounts.of(binding)
        if binding.is_a(QUEUE):
            self._queue_name(binding)
        elif "/" not in self._path(binding).strip("/"):
            raise TriggerError(f"the path '{self._path(binding)}' names no blob")

    async def read(self, binding: Binding, data: BindingData) -> TypedData:
        """Return the blob that a binding means; an empty value when there is none."""
        try:
            container, name = self._blob(binding, data)
            found = await self.accounts.of(binding).blobs.read(container, name)
        except (TriggerError, StorageFailedError) as error:
            raise BindingFailedError(f"The input '{binding.name}' failed: {error}") from error
        return NOTHING if found is None else TypedData(bytes=found.content)

    async def write(self, binding: Binding, value: TypedData, data: BindingData) -> None:
        """Send what a function gave as messages or as a blob."""
        try:
            if binding.is_a(QUEUE):
                await self._send(binding, value, data)
            else:
                container, name = self._blob(binding, data)
                await self.accounts.of(binding).blobs.write(container, name, _content(value))
        except (TriggerError, StorageFailedError) as error:
            raise BindingFailedError(f"The output '{binding.name}' failed: {error}") from error

    async def _send(self, binding: Binding, value: TypedData, data: BindingData) -> None:
        name = resolved(self._queue_name(binding), data, self._sources())
        queue = self.accounts.of(binding).queue(name.lower())
        for body in bodies(value):
            await queue.add(encoded(body, self.encoding))

    def _blob(self, binding: Binding, data: BindingData) -> tuple[str, str]:
        path = resolved(self._path(binding), data, self._sources()).strip("/")
        container, _, name = path.partition("/")
        if not name:
            raise TriggerError(f"'{path}' names no blob")
        return container, name

    def _path(self, binding: Binding) -> str:
        return with_settings(str(binding.settings.get("path") or ""), self.settings)

    def _queue_name(self, binding: Binding) -> str:
        name = with_settings(str(binding.settings.get("queueName") or ""), self.settings)
        if not name:
            raise TriggerError("it names no queue")
        return name

    def _sources(self) -> Sources:
        return Sources(now=self.clock.now(), new_id=self.new_id)


def _content(value: TypedData) -> bytes:
    match value.value:
        case str(text):
            return text.encode()
        case bytes(content):
            return content
        case _:
            raise BindingFailedError(f"A blob cannot be made of {value.kind}.")
