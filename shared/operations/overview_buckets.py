"""Counts the instances of the last hours, and keeps what need not be counted again.

A bucket is counted anew only while its five minutes are young, or once some of its instances have
ended since: the ids of those that have not are known from one question about all of them. So an
overview costs what is going on, and not what there is. A first one of many instances takes several
answers; each counts back further.
"""

import asyncio
import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Final, Protocol

import azure.durable_functions as df

from shared.durable import InstanceView
from shared.operations.management_api import LARGEST_PAGE, Management, PageQuery
from shared.operations.overview import (
    WIDTH,
    Bucket,
    Overview,
    begin_of,
    counted,
    open_digest,
    overview,
)
from shared.operations.types import WorkflowTypes
from shared.settings import current_settings
from shared.storage import MOST_ROWS_TOGETHER, Row, Table, open_storage

MOST_HOURS: Final = 168

_TABLE: Final = "Overview"
_PARTITION: Final = "buckets:1"  # another way of counting has another number
_YOUNG: Final = timedelta(minutes=1)  # so long after its end an instance may still appear in it
_STRETCH: Final = 12  # buckets that are asked for together
_BUDGET: Final = 5_000  # rows that are looked at for one answer
_FRESH: Final = timedelta(seconds=5)
_Status = df.OrchestrationRuntimeStatus
_ACTIVE: Final = frozenset(
    {_Status.Running, _Status.Pending, _Status.Suspended, _Status.ContinuedAsNew}
)


class KeptBuckets(Protocol):
    """Where buckets are kept; both calls may raise ``StorageUnavailableError``."""

    def between(self, begin: datetime, end: datetime) -> Mapping[datetime, Bucket]:
        """Return those that begin in this time."""
        ...

    def keep(self, buckets: Sequence[Bucket]) -> None:
        """Keep these, in the place of older ones."""
        ...


@dataclass(frozen=True, slots=True)
class BucketTable:
    """``KeptBuckets`` in table storage, one row each."""

    table: Table

    def between(self, begin: datetime, end: datetime) -> Mapping[datetime, Bucket]:
        """Return those that begin in this time."""
        rows = self.table.between(_PARTITION, _key(begin), _key(end))
        found = (Bucket.from_json(json.loads(row.text("document"))) for row in rows)
        return {bucket.begin: bucket for bucket in found}

    def keep(self, buckets: Sequence[Bucket]) -> None:
        """Keep these, in the place of older ones."""
        for together in batched(buckets, MOST_ROWS_TOGETHER, strict=False):
            self.table.put_together([_row(bucket) for bucket in together])


async def recent_overview(
    management: Management, types: WorkflowTypes, *, hours: int, now: datetime
) -> Overview:
    """Return the overview of the last hours, a few seconds old at the most.

    Raises:
        ProviderUnavailableError: The runtime did not answer.
        StorageUnavailableError: The application's storage did not.
    """
    found = _recent.get(hours)
    if found is None or now - found.made_at > _FRESH:
        found = await counted_overview(
            management, await asyncio.to_thread(_kept), types, hours=hours, now=now
        )
        _recent[hours] = found
    return found


async def counted_overview(
    management: Management,
    kept: KeptBuckets,
    types: WorkflowTypes,
    *,
    hours: int,
    now: datetime,
) -> Overview:
    """Count what has to be counted, keep it, and sum everything up; raises as above."""
    since, end = begin_of(now - timedelta(hours=hours)), begin_of(now) + WIDTH
    active = await _every(management, PageQuery(statuses=_ACTIVE, top=LARGEST_PAGE))
    known = dict(await asyncio.to_thread(kept.between, since, end))
    stale = _stale(known, active, since=since, end=end, now=now)
    budget = _BUDGET
    counted_from = since
    for stretch in _stretches(stale):
        if budget <= 0:
            counted_from = stretch[-1] + WIDTH
            break
        rows = await _every(management, _within(stretch[0], stretch[-1] + WIDTH))
        budget -= len(rows)
        fresh = _buckets(rows, stretch, types)
        known |= {bucket.begin: bucket for bucket in fresh}
        lasting = [bucket for bucket in fresh if not _is_young(bucket.begin, now)]
        await asyncio.to_thread(kept.keep, lasting)
    return overview(
        [bucket for begin, bucket in sorted(known.items()) if begin >= counted_from],
        active,
        types,
        since=since,
        counted_from=counted_from,
        now=now,
    )


_recent: Final[dict[int, Overview]] = {}


@functools.cache
def _kept() -> BucketTable:
    settings = current_settings()
    return BucketTable(open_storage(settings.storage, prefix=settings.data_prefix).table(_TABLE))


def _stale(
    known: Mapping[datetime, Bucket],
    active: Sequence[InstanceView],
    *,
    since: datetime,
    end: datetime,
    now: datetime,
) -> list[datetime]:
    """Return when the buckets begin that have to be counted, the newest first."""
    open_ids: dict[datetime, list[str]] = {}
    for view in active:
        if view.created_at is not None:
            open_ids.setdefault(begin_of(view.created_at), []).append(view.instance_id)
    count = int((end - since) / WIDTH)
    begins = [end - number * WIDTH for number in range(1, count + 1)]
    return [
        begin
        for begin in begins
        if begin not in known
        or _is_young(begin, now)
        or known[begin].open != open_digest(open_ids.get(begin, ()))
    ]


def _stretches(begins: Sequence[datetime]) -> list[list[datetime]]:
    """Put buckets that are next to each other together: the newest stretch first, each upwards."""
    found: list[list[datetime]] = []
    for begin in begins:
        if found and found[-1][0] - begin == WIDTH and len(found[-1]) < _STRETCH:
            found[-1].insert(0, begin)
        else:
            found.append([begin])
    return found


def _buckets(
    rows: Sequence[InstanceView], stretch: Sequence[datetime], types: WorkflowTypes
) -> list[Bucket]:
    views: dict[datetime, list[InstanceView]] = {begin: [] for begin in stretch}
    for row in rows:
        if row.created_at is not None and (begin := begin_of(row.created_at)) in views:
            views[begin].append(row)
    return [counted(of_bucket, begin, types) for begin, of_bucket in views.items()]


async def _every(management: Management, query: PageQuery) -> list[InstanceView]:
    found: list[InstanceView] = []
    token: str | None = None
    while True:
        page = await management.page(query, token)
        found += page.instances
        token = page.token
        if token is None:
            return found


def _within(begin: datetime, end: datetime) -> PageQuery:
    return PageQuery(created_from=begin, created_before=end, top=LARGEST_PAGE)


def _is_young(begin: datetime, now: datetime) -> bool:
    return begin + WIDTH + _YOUNG > now


def _key(begin: datetime) -> str:
    return f"{begin.astimezone(UTC):%Y-%m-%dT%H:%M}"


def _row(bucket: Bucket) -> Row:
    document = json.dumps(bucket.to_json())
    return Row(partition_key=_PARTITION, row_key=_key(bucket.begin), fields={"document": document})
