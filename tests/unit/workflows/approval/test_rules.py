"""The rule table: who is asked about what, and what a wrong table or staff is told."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest
from hypothesis import given, strategies as st

from shared.settings import Settings
from workflows.approval.models import Amount, Quorum, RequestKind
from workflows.approval.rules import RULES, RuleBook, read_rules

EXAMPLES: Final = Settings.from_environment(
    {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}
).approval_roles
STAFF: Final[Mapping[str, tuple[str, ...]]] = {
    "manager": ("ann@example.com",),
    "deputy": ("dan@example.com",),
    "board": ("bea@example.com", "bob@example.com", "ann@example.com"),
}
LEVEL: Final = {
    "roles": ["manager"],
    "policy": "any",
    "timeoutS": 3600,
    "onTimeout": "escalate",
    "escalateToRoles": ["deputy"],
}
BOARD: Final = {"roles": ["board"], "policy": "all", "timeoutS": 3600, "onTimeout": "reject"}
OTHERS: Final = [{"kind": kind, "levels": [LEVEL]} for kind in ("leave", "purchase", "document")]


def table(*rules: Mapping[str, Any]) -> bytes:
    """A table in which the kinds that a test says nothing of go to the manager."""
    said = {rule.get("kind") for rule in rules}
    return json.dumps([*rules, *(rule for rule in OTHERS if rule["kind"] not in said)]).encode()


def expenses(*steps: tuple[Mapping[str, int] | None, list[Any]]) -> bytes:
    return table(
        *(
            {"kind": "expense", "levels": levels} | ({"upTo": up_to} if up_to else {})
            for up_to, levels in steps
        )
    )


def approvers(book: RuleBook, minor: int | None, currency: str = "EUR") -> list[tuple[str, ...]]:
    amount = None if minor is None else Amount(minor=minor, currency=currency)
    ruling = book.ruling(RequestKind.EXPENSE, amount, requester="req@example.com")
    return [level.approvers for level in ruling.chain]


@pytest.mark.parametrize(
    ("minor", "currency", "levels"),
    [
        (0, "EUR", 1),
        (50_000, "EUR", 1),
        (50_001, "EUR", 2),
        (70_000, "USD", 1),
        (1_000_000, "EUR", 2),
        (1, "CHF", 2),  # a currency that no rule names takes the last way
        (None, "EUR", 2),  # and so does a request without an amount
    ],
)
def test_the_first_rule_that_takes_the_amount_counts(
    minor: int | None, currency: str, levels: int
) -> None:
    rules = read_rules(expenses(({"EUR": 50_000, "USD": 70_000}, [LEVEL]), (None, [LEVEL, BOARD])))

    assert len(approvers(RuleBook(rules, STAFF), minor, currency)) == levels


def test_people_come_from_roles_each_once() -> None:
    both = {**LEVEL, "roles": ["manager", "board"]}
    rules = read_rules(expenses((None, [both])))

    assert approvers(RuleBook(rules, STAFF), 1) == [
        ("ann@example.com", "bea@example.com", "bob@example.com")
    ]


def test_who_asks_is_not_asked() -> None:
    book = RuleBook(read_rules(expenses((None, [BOARD]))), STAFF)

    ruling = book.ruling(RequestKind.EXPENSE, None, requester="bea@example.com")

    assert ruling.chain[0].approvers == ("bob@example.com", "ann@example.com")


def test_those_above_decide_for_the_only_one_in_a_role() -> None:
    book = RuleBook(read_rules(expenses((None, [LEVEL]))), STAFF)

    ruling = book.ruling(RequestKind.EXPENSE, None, requester="ann@example.com")

    assert ruling.chain[0].approvers == ("dan@example.com",)
    assert ruling.chain[0].escalate_to == ()


def test_a_rule_may_name_its_business_hours() -> None:
    rules = read_rules(table({"kind": "expense", "levels": [LEVEL], "calendar": "berlin_office"}))

    ruling = RuleBook(rules, STAFF).ruling(RequestKind.EXPENSE, None, requester="x@example.com")

    assert ruling.calendar == "berlin_office"


@given(
    st.sampled_from(RequestKind),
    st.none() | st.builds(Amount, minor=st.integers(0, 10**12), currency=st.just("EUR")),
    st.sampled_from(sorted({one for people in EXAMPLES.values() for one in people} | {"x@y.zz"})),
)
def test_the_table_that_comes_along_leaves_nobody_without_an_approver(
    kind: RequestKind, amount: Amount | None, requester: str
) -> None:
    ruling = RuleBook(RULES, EXAMPLES).ruling(kind, amount, requester=requester)

    assert ruling.chain
    for level in ruling.chain:
        assert level.approvers
        assert requester not in {*level.approvers, *level.escalate_to}
        assert len(set(level.approvers)) == len(level.approvers)
        assert not set(level.approvers) & set(level.escalate_to)
        if isinstance(level.policy, Quorum):
            assert level.policy.quorum <= len(level.approvers)


def test_a_later_rule_may_name_a_currency_that_an_earlier_one_does_not() -> None:
    rules = read_rules(
        expenses(({"EUR": 9}, [LEVEL]), ({"EUR": 10, "USD": 3}, [BOARD]), (None, [LEVEL, BOARD]))
    )

    assert approvers(RuleBook(rules, STAFF), 3, "USD") == [STAFF["board"]]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (table(), "no rule for expense"),
        (expenses(({"EUR": 1}, [LEVEL])), "no rule for expense above"),
        (expenses((None, [LEVEL]), ({"EUR": 5}, [LEVEL])), "comes after one that takes everything"),
        (expenses((None, [LEVEL]), (None, [LEVEL])), "comes after one that takes everything"),
        (
            expenses(({"EUR": 9}, [LEVEL]), ({"EUR": 9}, [BOARD]), (None, [LEVEL])),
            "rule 2 .expense.: an earlier rule takes 9 EUR",
        ),
        (table({"kind": "party", "levels": [LEVEL]}), "kind"),
        (expenses((None, [])), "levels"),
        (expenses((None, [LEVEL] * 21)), "levels"),
        (expenses(({"EURO": 9}, [LEVEL]), (None, [LEVEL])), "currency"),
        (expenses(({"EUR": -1}, [LEVEL]), (None, [LEVEL])), "EUR"),
        (expenses((None, [{**LEVEL, "roles": []}])), "roles"),
        (expenses((None, [{**LEVEL, "approvers": ["a@example.com"]}])), "approvers"),
        (expenses((None, [{**LEVEL, "timeoutS": 59}])), "timeoutS"),
        (expenses((None, [{**LEVEL, "onTimeout": "approve"}])), "silence approves by request only"),
        (expenses((None, [{**LEVEL, "onTimeout": "reject"}])), "without escalating"),
        (expenses((None, [{**LEVEL, "remindAt": [0.9, 0.5]}])), "remindAt"),
        (
            table({"kind": "expense", "levels": [LEVEL], "calendar": "moon_office"}),
            "no calendar 'moon_office'",
        ),
    ],
)
def test_a_wrong_table_is_an_error_when_it_is_read(document: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_rules(document)


@pytest.mark.parametrize(
    ("level", "says"),
    [
        ({**LEVEL, "roles": ["treasurer"]}, "level 1: nobody is in the role 'treasurer'"),
        ({**LEVEL, "escalateToRoles": ["treasurer"]}, "nobody is in the role 'treasurer'"),
        ({**LEVEL, "escalateToRoles": []}, "the only approver is the requester"),
        ({**LEVEL, "escalateToRoles": ["manager"]}, "the only approver is the requester"),
        ({**BOARD, "policy": {"quorum": 3}}, "3 of 3 cannot agree"),
        ({**BOARD, "roles": ["crowd"]}, "more than 50 people"),
    ],
)
def test_a_rule_that_could_be_left_without_people_is_refused(
    level: Mapping[str, Any], says: str
) -> None:
    crowd = tuple(f"p{number}@example.com" for number in range(51))
    rules = read_rules(expenses((None, [level])))

    with pytest.raises(ValueError, match=says):
        RuleBook(rules, {**STAFF, "crowd": crowd})
