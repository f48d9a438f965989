"""Rules for the next calls: how they add up, run out and are forgotten."""

from datetime import timedelta

import pytest

from funchost.testing.errors import KitError
from funchost.testing.faults import CALL_HTTP, Faults, Plan

MINUTE = timedelta(minutes=1)


@pytest.fixture
def faults() -> Faults:
    return Faults({"greet": "Greet", "charge": "charge"})


def test_without_rules_a_call_is_left_alone(faults: Faults) -> None:
    assert faults.plan("greet") == Plan()


def test_rules_of_different_kinds_add_up_for_one_call(faults: Faults) -> None:
    faults.fail("greet", error="no")
    faults.slow("Greet", MINUTE, times=1)
    faults.deliver_twice("GREET")
    faults.lose_answer("greet")

    assert faults.plan("greet") == Plan(error="Exception: no", pause=MINUTE, twice=True, lost=True)
    assert faults.plan("greet") == Plan()


def test_rules_of_one_kind_follow_one_another(faults: Faults) -> None:
    faults.fail("greet", times=2, error="first")
    faults.fail("greet", error=LookupError("then"))

    assert [faults.plan("greet").error for _ in range(4)] == [
        "Exception: first",
        "Exception: first",
        "LookupError: then",
        None,
    ]


def test_a_rule_without_a_number_holds_until_it_is_cleared(faults: Faults) -> None:
    faults.slow("greet", MINUTE)
    faults.slow("charge", MINUTE)
    before = [faults.plan("greet").pause for _ in range(3)]
    faults.clear("greet")

    assert before == [MINUTE] * 3
    assert faults.plan("greet").pause == timedelta()
    assert faults.plan("charge").pause == MINUTE


def test_a_stub_holds_until_everything_is_cleared(faults: Faults) -> None:
    faults.replace(CALL_HTTP, str)
    before = faults.plan(CALL_HTTP).stub
    faults.clear()

    assert before is str
    assert faults.plan(CALL_HTTP).stub is None


def test_an_activity_that_does_not_exist_is_refused_by_name(faults: Faults) -> None:
    with pytest.raises(KitError, match="no activity 'great'; there are: 'Greet', 'charge'"):
        faults.replace("great", str)


@pytest.mark.parametrize("times", [0, -1])
def test_a_rule_for_no_call_is_refused(faults: Faults, times: int) -> None:
    with pytest.raises(KitError, match="at least one"):
        faults.lose_answer("greet", times=times)
