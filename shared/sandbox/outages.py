"""Failures: those of the storage below, seen as the provider's, and those made on purpose.

An outage made on purpose is counted in the ledger itself, so that "unavailable for the first three
calls" means three calls whoever makes them, across threads, processes and restarts.
"""

import functools
from collections.abc import Callable

from shared.errors import ProviderUnavailableError, StorageUnavailableError
from shared.storage import Row, Table


def answers_for[**P, T](provider: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a provider's call: when its storage is away, the provider is unavailable."""

    def decorate(call: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(call)
        def answer(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return call(*args, **kwargs)
            except StorageUnavailableError as error:
                raise ProviderUnavailableError(
                    f"the {provider} did not answer; ask again under the same key"
                ) from error

        return answer

    return decorate


def suffer_outage(table: Table, partition_key: str, *, operation: str, calls: int) -> None:
    """Fail the first ``calls`` calls of an operation; do nothing from then on.

    Args:
        table: the ledger's table.
        partition_key: what the operation is counted for, usually one payment or shipment.
        operation: what is counted, and named in the error.
        calls: how many calls fail in all.

    Raises:
        ProviderUnavailableError: this call is one of them; nothing else was written.
    """

    def spend_one() -> bool:
        row = table.read(partition_key, f"outage:{operation}")
        spent = 0 if row is None else row.integer("spent")
        if spent >= calls:
            return False
        first = Row(partition_key=partition_key, row_key=f"outage:{operation}")
        table.write_or_retry((row or first).changed(spent=spent + 1))
        return True

    if calls and table.until_written(spend_one):
        raise ProviderUnavailableError(f"the sandbox's {operation} is down on purpose")
