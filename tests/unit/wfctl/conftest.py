"""A terminal in front of a scripted app."""

import pytest

from tests.support.wfctl import FakeApp, Terminal


@pytest.fixture
def app() -> FakeApp:
    return FakeApp()


@pytest.fixture
def terminal(app: FakeApp) -> Terminal:
    return Terminal(app=app)
