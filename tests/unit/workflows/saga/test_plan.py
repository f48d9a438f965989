from typing import Any

import pytest

from workflows.saga.models import SagaInput
from workflows.saga.plan import NOTHING, Definition, Expect, Step, found_at, unmet

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
