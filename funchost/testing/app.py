"""The app of this process: loaded once, used by one host after another.

Microsoft's worker library and Python's imports keep an app in module globals, so a process can load
one app and not give it back. Each test has a host of its own around the same loaded app.
"""

import contextlib
import os
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

from funchost.assembly import worker_settings
from funchost.settings.host import HostSettings
from funchost.settings.local import LocalSettings
from funchost.testing.errors import KitError, SecondAppError
from funchost.worker.errors import AppLoadError
from funchost.worker.host_worker import AppWorker

DEFAULTS = {"AZURE_FUNCTIONS_ENVIRONMENT": "Development", "WEBSITE_HOSTNAME": "localhost"}


@dataclass(slots=True)
class _Process:
    """What this process has loaded, and whether a host uses it."""

    directory: Path | None = None
    app: AppWorker | None = None
    failure: AppLoadError | None = None
    is_in_use: bool = False


_process = _Process()


def absolute(directory: str | Path) -> Path:
    """Return the one name of a folder, by which apps are told apart."""
    return Path(directory).resolve()


@contextlib.contextmanager
def borrowed_process(directory: Path, settings: Mapping[str, str]) -> Generator[None]:
    """Give the process to one host: its app's folder, its environment.

    ``settings`` come first, then the environment, then local.settings.json; all of it is undone
    at the end.

    Raises:
        SecondAppError: This process has another app.
        KitError: A host runs already.
        SettingsError: local.settings.json cannot be used.
    """
    if _process.directory not in {None, directory}:
        raise SecondAppError(
            f"This process has loaded the app in {_process.directory}; the one in {directory} "
            "needs another. Run the tests of each app in a pytest of its own "
            "(docs/testing.md, 'Several apps')."
        )
    if _process.is_in_use:
        raise KitError("A host runs already: close it before the next, one for each test.")
    local = LocalSettings.load(directory)
    wanted = {**DEFAULTS, **local.values, **os.environ, **settings}
    changed = {name: value for name, value in wanted.items() if os.environ.get(name) != value}
    before = {name: os.environ.get(name) for name in changed}
    _process.is_in_use = True
    try:
        with contextlib.chdir(directory):
            os.environ.update(changed)
            yield
    finally:
        _restore(before)
        _process.is_in_use = False


async def loaded_app(directory: Path, settings: HostSettings) -> AppWorker:
    """Return the app, loading it the first time.

    Raises:
        AppLoadError: It cannot be loaded; every later try says the same.
    """
    if _process.app is None:
        if _process.failure is not None:
            raise _process.failure
        _process.directory = directory
        try:
            _process.app = await AppWorker.start(worker_settings(directory, settings))
        except AppLoadError as error:
            _process.failure = error
            raise
    return _process.app


def _restore(before: Mapping[str, str | None]) -> None:
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
