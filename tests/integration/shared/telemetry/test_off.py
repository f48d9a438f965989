"""With telemetry off, the app runs as it was written."""

import subprocess
import sys

import pytest

from scripts.layout import ROOT

pytestmark = pytest.mark.integration

LOOK = """
import sys
import function_app
from shared.registered import registered
found = registered(function_app.app)
wrapped = [each.name for each in found if "shared/telemetry/" in each.code.__code__.co_filename]
libraries = ("opencensus", "azure.monitor", "opentelemetry.sdk")
print([name for name in libraries if name in sys.modules], wrapped)
"""


def test_off_wraps_nothing_and_imports_none_of_the_libraries() -> None:
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOOK],
        cwd=ROOT,
        env={"APP_TELEMETRY": "none"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.strip() == "[] []"
