"""Sagas of every shape on the real host in virtual time, in processes of their own."""

from pathlib import Path
from typing import Final

import pytest

from tests.support.inner_pytest import run_pytest

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
APP: Final = Path(__file__).parent / "app"


def test_everything_that_a_definition_can_say_is_done(azurite: str) -> None:
    run_pytest(APP / "shapes.py", AzureWebJobsStorage=azurite)


@pytest.mark.parametrize("examples", [40, pytest.param(200, marks=pytest.mark.long)])
def test_random_sagas_with_random_mishaps_leave_nothing_half_done(examples: int) -> None:
    run_pytest(APP / "mishaps.py", SAGA_EXAMPLES=str(examples))
