"""Who has to approve what: a table from a request's kind and amount to a chain of levels.

The table is rules.json beside this file; it names roles, and the settings say who is in them.
Whatever could leave a request without an approver is an error before the first request is taken.
A request that brings its own chain never comes here.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, TypeAdapter

from shared.fields import matching
from shared.models import EdgeModel
from shared.money import Currency
from shared.strict_json import parse_json
from workflows.approval.calendars import CALENDARS
from workflows.approval.models import (
    DEFAULT_SHARES,
    LONGEST_TIMEOUT_S,
    MOST_APPROVERS,
    MOST_LEVELS,
    SHORTEST_TIMEOUT_S,
    Amount,
    CalendarName,
    Level,
    OnTimeout,
    Policy,
    Quorum,
    RequestKind,
    Shares,
)

RoleName = Annotated[str, matching(r"[a-z][a-z0-9_]{0,31}", "a role such as manager")]

# Whoever asks must not decide, so one person in a role is not enough.
_FEWEST_PEOPLE: Final = 2


class RuleLevel(EdgeModel):
    """One level of a rule: a level of a request, with roles in the place of people."""

    roles: Annotated[tuple[RoleName, ...], Field(min_length=1)]
    policy: Policy
    timeout_s: Annotated[int, Field(ge=SHORTEST_TIMEOUT_S, le=LONGEST_TIMEOUT_S)]
    on_timeout: OnTimeout
    escalate_to_roles: tuple[RoleName, ...] = ()
    remind_at: Shares = DEFAULT_SHARES


class Rule(EdgeModel):
    """Which levels a kind of request goes through, up to an amount in each currency.

    ``up_to`` is in minor units and inclusive. Without it the rule takes every request of its kind:
    any amount, none, and any currency that the rules before it do not name.
    """

    kind: RequestKind
    up_to: Annotated[dict[Currency, Annotated[int, Field(ge=0)]], Field(min_length=1)] | None = None
    levels: Annotated[tuple[RuleLevel, ...], Field(min_length=1, max_length=MOST_LEVELS)]
    calendar: CalendarName | None = None

    def takes(self, kind: RequestKind, amount: Amount | None) -> bool:
        """Whether a request of this kind and amount goes this way."""
        if kind is not self.kind:
            return False
        if self.up_to is None:
            return True
        return amount is not None and amount.minor <= self.up_to.get(amount.currency, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the table says of one request; no calendar means around the clock."""

    chain: tuple[Level, ...]
    calendar: str | None


def read_rules(document: bytes) -> tuple[Rule, ...]:
    """Read a rule table from a JSON document.

    Raises:
        ValueError: Naming the rule and what is wrong with it.
        MalformedJsonError: The document is not JSON, or has a name twice.
    """
    rules = TypeAdapter(tuple[Rule, ...]).validate_json(json.dumps(parse_json(document)))
    problems = [*_gaps(rules), *_overlaps(rules), *_wrong_levels(rules)]
    if problems:
        raise ValueError("; ".join(problems))
    return rules


class RuleBook:
    """The table with people in its roles; the first rule that takes a request is the one.

    Args:
        rules: The table.
        roles: Who is in which role, by mail address.

    Raises:
        ValueError: A rule could leave a request without somebody to decide it.
    """

    def __init__(self, rules: Sequence[Rule], roles: Mapping[str, Sequence[str]]) -> None:
        self._rules = tuple(rules)
        self._roles = {role: tuple(people) for role, people in roles.items()}
        problems = [
            f"rule {number} ({rule.kind}), level {step}: {problem}"
            for number, rule in enumerate(self._rules, 1)
            for step, level in enumerate(rule.levels, 1)
            for problem in self._understaffed(level)
        ]
        if problems:
            raise ValueError("; ".join(problems))

    def ruling(self, kind: RequestKind, amount: Amount | None, *, requester: str) -> Ruling:
        """Return the levels that a request goes through; the requester is in none of them."""
        rule = next(rule for rule in self._rules if rule.takes(kind, amount))
        return Ruling(
            chain=tuple(self._level(level, requester) for level in rule.levels),
            calendar=rule.calendar,
        )

    def _level(self, level: RuleLevel, requester: str) -> Level:
        asked = [person for person in self._people(level.roles) if person != requester]
        further = [
            person
            for person in self._people(level.escalate_to_roles)
            if person != requester and person not in asked
        ]
        if not asked:  # the requester is the only one in the role: those above take the place
            asked, further = further, []
        return Level(
            approvers=tuple(asked),
            policy=level.policy,
            timeout_s=level.timeout_s,
            on_timeout=level.on_timeout,
            escalate_to=tuple(further),
            remind_at=level.remind_at,
        )

    def _people(self, roles: Sequence[str]) -> tuple[str, ...]:
        """Return everybody in the roles, each once."""
        return tuple(dict.fromkeys(one for role in roles for one in self._roles.get(role, ())))

    def _understaffed(self, level: RuleLevel) -> Iterator[str]:
        for role in (*level.roles, *level.escalate_to_roles):
            if not self._roles.get(role):
                yield f"nobody is in the role {role!r}"
        asked, further = self._people(level.roles), self._people(level.escalate_to_roles)
        if len({*asked, *further}) < _FEWEST_PEOPLE:
            yield "nobody is left when the only approver is the requester"
        if max(len(asked), len(further)) > MOST_APPROVERS:
            yield f"more than {MOST_APPROVERS} people"
        match level.policy:
            case Quorum(quorum=quorum) if quorum >= len(asked):
                yield f"{quorum} of {len(asked)} cannot agree when one of them is the requester"
            case _:
                pass


def _gaps(rules: Sequence[Rule]) -> Iterator[str]:
    """Find requests that no rule takes."""
    for kind in RequestKind:
        mine = [rule for rule in rules if rule.kind is kind]
        if not mine:
            yield f"no rule for {kind}"
        elif mine[-1].up_to is not None:
            yield f"no rule for {kind} above the last amounts and in other currencies"


def _overlaps(rules: Sequence[Rule]) -> Iterator[str]:
    """Find rules, or amounts of rules, that never count because earlier rules take everything."""
    takes_all: set[RequestKind] = set()
    highest: dict[tuple[RequestKind, str], int] = {}
    for number, rule in enumerate(rules, 1):
        if rule.kind in takes_all:
            yield f"rule {number} ({rule.kind}) comes after one that takes everything"
        for currency, minor in (rule.up_to or {}).items():
            if minor <= highest.get((rule.kind, currency), -1):
                yield f"rule {number} ({rule.kind}): an earlier rule takes {minor} {currency}"
            highest[rule.kind, currency] = minor
        if rule.up_to is None:
            takes_all.add(rule.kind)


def _wrong_levels(rules: Sequence[Rule]) -> Iterator[str]:
    for number, rule in enumerate(rules, 1):
        if rule.calendar is not None and rule.calendar not in CALENDARS:
            yield f"rule {number} ({rule.kind}): there is no calendar {rule.calendar!r}"
        for level in rule.levels:
            if level.on_timeout is OnTimeout.APPROVE:
                yield f"rule {number} ({rule.kind}): silence approves by request only"
            if level.escalate_to_roles and level.on_timeout is not OnTimeout.ESCALATE:
                yield f"rule {number} ({rule.kind}): escalateToRoles without escalating"


RULES: Final = read_rules(Path(__file__).with_name("rules.json").read_bytes())
