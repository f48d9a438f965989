"""A browser for pages, and what a failing test shows of the hosts that run at that moment."""

from collections.abc import Generator

import pytest

from tests.support.browser import Browser, opened_browser
from tests.support.funchost import open_hosts
from tests.support.site import RemoteSite, Site


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the hosts' logs to the report of a failure."""
    report = yield
    if report.failed:
        for host in open_hosts:
            report.sections.append((f"Log of funchost on port {host.port}", host.log_tail()))
    return report


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    """A Chromium of the module's own: one that is shared would keep an event loop from others."""
    with opened_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest) -> Site:
    """The app at ``--against``, or else the module's own ``shop`` under funchost."""
    url: str | None = request.config.getoption("--against")
    if url:
        return RemoteSite(url=url)
    host: Site = request.getfixturevalue("shop").host
    return host
