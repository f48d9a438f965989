"""The app's own clock under the test kit, whose hosts keep a virtual time of their own."""

from datetime import datetime

import pytest

from funchost.testing import BlockingHost


def let_the_app_follow(host: BlockingHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the app's clock tell the host's time, for as long as the test runs."""

    def now(_clock: object) -> datetime:
        return host.now

    monkeypatch.setattr("shared.clock.SystemClock.now", now)
