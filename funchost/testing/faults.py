"""What is to go wrong: rules for the next calls of activities, made by the test.

Only the rules; who keeps to them is ``worker``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from typing import Any

from funchost.engine.calls import HTTP_ACTIVITY
from funchost.testing.errors import KitError

type Stub = Callable[[Any], Any]

CALL_HTTP = HTTP_ACTIVITY
"""The built-in activity behind ``context.call_http``, for ``faults.replace``."""


class Kind(Enum):
    """What can go wrong with a call."""

    FAIL = auto()
    SLOW = auto()
    DELIVER_TWICE = auto()
    LOSE_ANSWER = auto()


@dataclass(slots=True, kw_only=True)
class _Rule:
    kind: Kind
    value: Any
    left: int | None  # calls; None is every call


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to happen to one call."""

    error: str | None = None  # "Type: text", instead of running
    pause: timedelta = timedelta()
    twice: bool = False
    lost: bool = False
    stub: Stub | None = None


@dataclass(slots=True)
class Faults:
    """The rules of one test. Every method is about the next calls; names are as registered.

    Rules of different kinds add up: a call may be slow and fail. Two rules of one kind follow one
    another.

    Raises:
        KitError: From every method, when there is no activity of that name.
    """

    activities: Mapping[str, str]  # in casefold, as registered
    _rules: dict[str, list[_Rule]] = field(default_factory=dict[str, list[_Rule]])
    _stubs: dict[str, Stub] = field(default_factory=dict[str, Stub])

    def fail(
        self, activity: str, *, times: int | None = 1, error: str | Exception = "made to fail"
    ) -> None:
        """Let the next calls raise instead of run; ``times=None`` is every call from now on.

        Retries are calls of their own: ``times=2`` and a policy of three attempts succeed.
        """
        text = f"{type(error).__name__}: {error}"
        self._add(
            activity, Kind.FAIL, f"Exception: {error}" if isinstance(error, str) else text, times
        )

    def slow(self, activity: str, duration: timedelta, *, times: int | None = None) -> None:
        """Let every call, or the next ``times``, wait so long, in the host's time, and then run."""
        self._add(activity, Kind.SLOW, duration, times)

    def deliver_twice(self, activity: str, *, times: int | None = 1) -> None:
        """Let the next calls run twice; the first answer counts."""
        self._add(activity, Kind.DELIVER_TWICE, None, times)

    def lose_answer(self, activity: str, *, times: int | None = 1) -> None:
        """Let the next calls run, lose their answers, and be delivered again, as after a crash."""
        self._add(activity, Kind.LOSE_ANSWER, None, times)

    def replace(self, activity: str, function: Stub) -> None:
        """Call a function of the test instead, with the input as JSON values, until ``clear``.

        It returns JSON values, may be ``async`` and may raise. It runs on the host's event loop and
        must not block it.
        """
        self._stubs[self._key(activity)] = function

    def clear(self, activity: str | None = None) -> None:
        """Forget the rules of one activity, or all of them."""
        for rules in (self._rules, self._stubs):
            if activity is None:
                rules.clear()
            else:
                rules.pop(self._key(activity), None)

    def plan(self, activity: str) -> Plan:
        """Take from the rules what is to happen to a call that begins now."""
        key = activity.casefold()
        return Plan(
            error=self._take(key, Kind.FAIL, None),
            pause=self._take(key, Kind.SLOW, timedelta()),
            twice=self._take(key, Kind.DELIVER_TWICE, default=False),
            lost=self._take(key, Kind.LOSE_ANSWER, default=False),
            stub=self._stubs.get(key),
        )

    def _add(self, activity: str, kind: Kind, value: Any, times: int | None) -> None:
        if times is not None and times < 1:
            raise KitError(f"A fault is for at least one call, not for {times}.")
        rule = _Rule(kind=kind, value=True if value is None else value, left=times)
        self._rules.setdefault(self._key(activity), []).append(rule)

    def _key(self, activity: str) -> str:
        key = activity.casefold()
        if key not in self.activities and activity != CALL_HTTP:
            known = ", ".join(f"'{name}'" for name in self.activities.values())
            raise KitError(f"There is no activity '{activity}'; there are: {known}.")
        return key

    def _take(self, key: str, kind: Kind, default: Any) -> Any:
        for rule in self._rules.get(key, ()):
            if rule.kind is kind and rule.left != 0:
                if rule.left is not None:
                    rule.left -= 1
                return rule.value
        return default
