"""Types of workflow: one per orchestrator, and one for what nobody has registered."""

import pytest

import function_app
from shared.operations.types import OTHER, TYPES, WorkflowType, WorkflowTypes
from shared.registered import functions_of

ORDER = WorkflowType(name="order", title="Order", orchestrators=frozenset({"process_order"}))


def test_an_orchestrator_has_the_type_that_it_was_registered_with() -> None:
    types = WorkflowTypes(ORDER)

    assert types.of("process_order") is ORDER
    assert types.named("order") is ORDER
    assert list(types) == [ORDER]


def test_what_nobody_registered_is_of_the_type_other() -> None:
    types = WorkflowTypes(ORDER)

    assert types.of("imported_from_elsewhere") is OTHER
    assert types.named("other") is OTHER
    assert types.named("invoice") is None


@pytest.mark.parametrize(
    ("name", "orchestrator"),
    [("order", "something_else"), ("invoice", "process_order"), ("other", "something_else")],
)
def test_a_name_and_an_orchestrator_belong_to_one_type(name: str, orchestrator: str) -> None:
    second = WorkflowType(name=name, title="x", orchestrators=frozenset({orchestrator}))

    with pytest.raises(ValueError, match="taken"):
        WorkflowTypes(ORDER, second)


def test_every_orchestrator_of_the_app_has_a_type() -> None:
    orchestrators = functions_of(function_app.app, trigger="orchestrationTrigger")

    assert orchestrators
    assert {name for name in orchestrators if TYPES.of(name) is OTHER} == set()


def test_no_type_names_an_orchestrator_that_is_not_there() -> None:
    named = {name for type_ in TYPES for name in type_.orchestrators}

    assert named == functions_of(function_app.app, trigger="orchestrationTrigger")
