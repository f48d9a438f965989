"""Settings of a developer's machine: whoever has the function key is the operator."""

from collections.abc import Generator

import pytest

import function_app  # noqa: F401 # pyright: ignore[reportUnusedImport] - fills the table of types
from shared.settings import current_settings


@pytest.fixture(autouse=True)
def fresh_settings(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    monkeypatch.setenv("AzureWebJobsStorage", "UseDevelopmentStorage=true")
    current_settings.cache_clear()
    yield
    current_settings.cache_clear()
