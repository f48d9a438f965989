"""Lists instances by the time of their creation, page after page, however many there are.

The runtime gives no order by time, so the list walks along the time in windows of whole seconds,
takes each window whole, and sorts inside: by second, then by id. Windows that come back thin make
the next one wider, and those that are too full are halved, so that a page costs the same wherever
it is. An instance that continues as new counts as created then, as the runtime has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.durable import InstanceView
from shared.operations.cursor import Position
from shared.operations.filters import Filter
from shared.operations.management_api import LARGEST_PAGE, Management, PageQuery
from shared.operations.types import WorkflowTypes

LARGEST_LIMIT: Final = 100
# Rows that are looked at for one page of a list at the most, give or take a window.
BUDGET: Final = 3000

# Rows that a window may bring before a narrower one is tried; more where most are passed over.
_FULL: Final = 300
_FULL_OF_OTHERS: Final = LARGEST_PAGE
_MOST_WINDOWS: Final = 40
_FIRST_WIDTH: Final = 300
_WIDEST: Final = 20 * 365 * 24 * 3600
_WIDER: Final = 4
_NARROWER: Final = 8
_CLOSE_ENOUGH: Final = 3600  # seconds before the first row of all that may be walked through
_FLOOR: Final = int(datetime(2015, 1, 1, tzinfo=UTC).timestamp())  # nothing is older than this
_AHEAD: Final = timedelta(days=1)  # what is to end later than this has no end yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page of a list.

    Attributes:
        items: what was found, in order.
        position: where the list goes on; None at its end.
        examined: how many rows were looked at.
    """

    items: tuple[InstanceView, ...]
    position: Position | None
    examined: int

    @property
    def searched_back_to(self) -> datetime | None:
        """Until when everything has been looked at; None when there is nothing beyond."""
        return _instant(self.position.second) if self.position else None


async def list_instances(
    management: Management,
    wanted: Filter,
    *,
    types: WorkflowTypes,
    now: datetime,
    limit: int = 25,
    position: Position | None = None,
) -> Listed:
    """Return the next instances that are asked for, fewer than ``limit`` when rows run out.

    Args:
        management: the runtime.
        wanted: which instances.
        types: which types there are.
        now: where the time that is walked along ends.
        limit: how many at the most.
        position: where the page before ended; None begins.

    Raises:
        ProviderUnavailableError: The runtime did not answer; nothing is lost.
    """
    if wanted.created_to is not None and wanted.created_to <= _instant(_FLOOR):
        return Listed(items=(), position=None, examined=0)
    walk = _Walk(management, wanted, types=types, now=now, limit=limit, position=position)
    return await walk.page()


@dataclass(frozen=True, slots=True)
class _Window:
    """Whole seconds, the end excluded; None is open."""

    begin: int | None
    end: int | None


class _Walk:
    """One page's way along the time."""

    def __init__(
        self,
        management: Management,
        wanted: Filter,
        *,
        types: WorkflowTypes,
        now: datetime,
        limit: int,
        position: Position | None,
    ) -> None:
        self._management = management
        self._wanted = wanted
        self._types = types
        self._limit = limit
        self._sign = -1 if wanted.newest_first else 1
        self._now = int(now.timestamp())
        self._position = position
        self._width = position.width if position else _FIRST_WIDTH
        passes_over_many = bool(wanted.text or wanted.outcomes or wanted.types)
        self._full = _FULL_OF_OTHERS if passes_over_many else _FULL
        self._examined = 0
        self._found: list[InstanceView] = []

    async def page(self) -> Listed:
        """Go from window to window until the page is full or enough has been looked at."""
        if self._position is None and not self._wanted.newest_first:
            await self._begin_at_the_oldest()
        for _ in range(_MOST_WINDOWS):
            window = self._next_window()
            rows = await self._rows(window)
            if rows is None:
                self._width = max(1, self._width // _NARROWER)
                continue
            is_full = self._take(rows)
            if not is_full and self._is_last(window):
                return self._listed(None)
            if not is_full:
                self._pass(window, len(rows))
            if is_full or len(self._found) == self._limit or self._examined >= BUDGET:
                break
        return self._listed(self._position and replace(self._position, width=self._width))

    async def _begin_at_the_oldest(self) -> None:
        """Stand shortly before the first row of all, found by halving the time."""
        begin, end = self._first, self._beyond
        while end - begin > _CLOSE_ENOUGH:
            middle = (begin + end) // 2
            query = replace(self._query(_Window(begin, middle)), top=1)
            page = await self._management.page(query)
            # A page without rows that goes on may have rows behind it: that is not known here.
            begin, end = (begin, middle) if page.instances or page.token else (middle, end)
        self._stand_behind(begin, "")

    def _listed(self, position: Position | None) -> Listed:
        return Listed(items=tuple(self._found), position=position, examined=self._examined)

    def _next_window(self) -> _Window:
        """Return the window that begins where the list stands."""
        if self._wanted.newest_first:
            end = self._position.second + 1 if self._position else self._last_end
            begin = (self._now if end is None else end) - self._width
            return _Window(None if begin <= self._first else begin, end)
        begin = self._position.second if self._position else self._first
        end = begin + self._width
        return _Window(begin, self._last_end if end > self._beyond else end)

    @property
    def _first(self) -> int:
        """The second at which the filter begins."""
        created_from = self._wanted.created_from
        if created_from is None:
            return _FLOOR
        latest = self._now + int(_AHEAD.total_seconds())
        return min(max(_FLOOR, int(created_from.timestamp())), latest)

    @property
    def _last_end(self) -> int | None:
        """The second before which the filter ends, if it does."""
        created_to = self._wanted.created_to
        if created_to is None or created_to > _instant(self._now) + _AHEAD:
            return None
        return _ceiling(created_to)

    @property
    def _beyond(self) -> int:
        return self._now if self._last_end is None else self._last_end

    def _is_last(self, window: _Window) -> bool:
        if self._wanted.newest_first:
            return window.begin is None
        return window.end == self._last_end

    async def _rows(self, window: _Window) -> Sequence[InstanceView] | None:
        """Return what the window holds and the list has not passed; None when it is too full."""
        is_narrow = self._width <= 1
        query = self._query(window)
        rows: list[InstanceView] = []
        token: str | None = None
        while True:
            page = await self._management.page(query, token)
            rows += page.instances
            token = page.token
            if token is None:
                break
            if len(rows) >= self._full and not is_narrow:
                return None
        return sorted((row for row in rows if self._is_ahead(row)), key=self._key)

    def _query(self, window: _Window) -> PageQuery:
        return PageQuery(
            created_from=_later(self._wanted.created_from, window.begin),
            created_before=_earlier(self._wanted.created_to, window.end),
            statuses=self._wanted.statuses,
            id_prefix=self._wanted.common_prefix(self._types),
            top=LARGEST_PAGE if self._width <= 1 else self._full,
        )

    def _key(self, row: InstanceView) -> tuple[int, str]:
        return self._sign * _second(row), row.instance_id

    def _is_ahead(self, row: InstanceView) -> bool:
        if self._position is None:
            return True
        return self._key(row) > (self._sign * self._position.second, self._position.after_id)

    def _take(self, rows: Sequence[InstanceView]) -> bool:
        """Take what is asked for; True as soon as there is no room left for more."""
        for number, row in enumerate(rows):
            if len(self._found) == self._limit:
                before = rows[number - 1] if number else None
                if before is not None:
                    self._stand_behind(_second(before), before.instance_id)
                return True
            self._examined += 1
            if self._wanted.matches(row, self._types):
                self._found.append(row)
        return False

    def _pass(self, window: _Window, rows: int) -> None:
        """Stand behind a window; look further next time if it was thin."""
        if rows < self._full // _WIDER:
            self._width = min(self._width * _WIDER, _WIDEST)
        if self._wanted.newest_first:
            self._stand_behind((window.begin or self._first) - 1, "")
        else:
            self._stand_behind(window.end or self._now, "")

    def _stand_behind(self, second: int, after_id: str) -> None:
        self._position = Position(second=second, after_id=after_id, width=self._width)


def _second(row: InstanceView) -> int:
    return 0 if row.created_at is None else int(row.created_at.timestamp())


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def _ceiling(instant: datetime) -> int:
    whole = int(instant.timestamp())
    return whole if _instant(whole) == instant else whole + 1


def _later(instant: datetime | None, second: int | None) -> datetime | None:
    if second is None:
        return instant
    return _instant(second) if instant is None else max(instant, _instant(second))


def _earlier(instant: datetime | None, second: int | None) -> datetime | None:
    if second is None:
        return instant
    return _instant(second) if instant is None else min(instant, _instant(second))
