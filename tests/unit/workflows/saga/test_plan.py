from typing import Any

import pytest

from workflows.saga.models import LineToPrice, SagaInput
from workflows.saga.plan import NOTHING, Definition, Expect, Step, found_at, unmet
from workflows.saga.pricing import priced

DOCUMENT = {"a": {"b": [10, {"c": None}], "d": False}, "e": ""}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a.b.0", 10),
        ("a.b.1.c", None),
        ("a.d", False),
        ("e", ""),
        ("a.b.2", NOTHING),
        ("a.b.x", NOTHING),
        ("a.b.-1", NOTHING),
        ("a.b.1.c.d", NOTHING),
        ("e.0", NOTHING),
        ("x", NOTHING),
    ],
)
def test_a_path_finds_what_is_there_and_tells_null_from_nothing(path: str, value: Any) -> None:
    found = found_at(DOCUMENT, path.split("."))

    assert found is value if value in (NOTHING, None, False) else found == value


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"ok": True, "id": "x"}, None),
        ({"ok": 1, "id": "x"}, "said_no"),
        ({"ok": "true", "id": "x"}, "said_no"),
        ({"id": "x"}, "said_no"),
        ({"ok": True, "id": None}, "no_id"),
        ({"ok": True}, "no_id"),
        ({"ok": True, "id": ""}, None),
        (None, "said_no"),
        ([True], "said_no"),
    ],
)
def test_an_answer_has_to_say_what_is_expected(answer: Any, code: str | None) -> None:
    step = Step(
        name="a",
        action="act",
        expects=(
            Expect(path="ok", one_of=(True,), otherwise="said_no"),
            Expect(path="id", otherwise="no_id"),
        ),
    )

    assert unmet(step, answer) == code


def test_steps_of_a_group_are_one_stage() -> None:
    a, b, c, d = (
        Step(name=name, action="act", group=group)
        for name, group in (("a", None), ("b", "g"), ("c", "g"), ("d", None))
    )

    definition = Definition(name="x", input_model=SagaInput, steps=(a, b, c, d))

    assert definition.stages == ((a,), (b, c), (d,))
    assert definition.step("c") is c
    with pytest.raises(LookupError, match="saga x has no step e"):
        definition.step("e")


def line(sku: str, *, price: int | None = None) -> LineToPrice:
    return LineToPrice(sku=sku, quantity=2, unit_price_minor=price)


@pytest.mark.parametrize(
    ("lines", "problems", "total_minor"),
    [
        ([line("lamp"), line("ink", price=7)], [], 1014),
        ([line("lamp", price=1)], [("price_differs", "lamp")], 1000),
        ([line("nowhere")], [("unknown_sku", "nowhere")], 0),
        ([line("dollars")], [("not_sold_in_currency", "dollars")], 0),
        ([line("gift")], [("nothing_to_pay", None)], 0),
        ([line("gift", price=0), line("lamp")], [], 1000),
    ],
)
def test_prices_are_the_catalogues(
    lines: list[LineToPrice], problems: list[tuple[str, str | None]], total_minor: int
) -> None:
    prices = {"lamp": 500, "ink": 7, "gift": 0}

    order = priced(lines, prices, known=frozenset({*prices, "dollars"}))

    assert [(found.code, found.sku) for found in order.problems] == problems
    assert order.valid is not bool(problems)
    assert order.total_minor == total_minor
