"""A real Chromium for pages: opens them as a person's browser would, and judges what it sees.

Sync, one browser per test module: Playwright keeps an event loop running in the thread that opened
it, so a module with a browser leaves ``asyncio.run`` to others. Finding a browser is in
scripts.browser; what is on a page is each test's business.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Browser as Chromium, ConsoleMessage, Page, sync_playwright

from scripts import node
from scripts.browser import ensure_browser

PHONE: Final = (360, 740)
DESKTOP: Final = (1280, 900)

_PATIENCE_MS: Final = 30_000
_ARGUMENTS: Final = (
    "--no-sandbox",  # root has no other way, and the pages are our own
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_AXE: Final = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.flatMap(
    rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(" ")}`));
}"""

type Scheme = Literal["light", "dark"]


@dataclass(slots=True, kw_only=True)
class Sight:
    """One window and what it complained about: refused scripts, missing files, failed requests."""

    page: Page
    complaints: list[str] = field(default_factory=list[str])

    def accessibility_problems(self) -> list[str]:
        """Return every rule of axe that the page as it stands breaks, and where."""
        # Through the debugger, as the page's own policy lets no script in.
        self.page.evaluate(node.AXE_SCRIPT.read_text("utf-8"))
        found: list[str] = self.page.evaluate(_AXE)
        return found

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        wider: int = self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wider

    def style_of(self, selector: str, name: str) -> str:
        """Return a computed style of the first element that matches."""
        value: str = self.page.locator(selector).first.evaluate(
            "(element, name) => getComputedStyle(element)[name]", name
        )
        return value

    def shoot(self, path: Path) -> None:
        """Keep a picture of the whole page."""
        self.page.screenshot(path=path, full_page=True, animations="disabled")


class Browser:
    """Opens windows that know nothing of one another."""

    def __init__(self, chromium: Chromium) -> None:
        self._chromium = chromium

    @contextmanager
    def window(
        self,
        size: tuple[int, int] = DESKTOP,
        *,
        scheme: Scheme = "light",
        scripts: bool = True,
        headers: dict[str, str] | None = None,
    ) -> Generator[Sight]:
        """Open a window without cookies or memory; it closes with the block.

        Args:
            size: width and height in pixels.
            scheme: what the person prefers.
            scripts: whether the browser runs any.
            headers: sent with every request.
        """
        options: dict[str, Any] = {"extra_http_headers": headers} if headers else {}
        context = self._chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            java_script_enabled=scripts,
            **options,
        )
        context.set_default_timeout(_PATIENCE_MS)
        try:
            sight = Sight(page=context.new_page())
            _listen(sight)
            yield sight
        finally:
            context.close()


@contextmanager
def opened_browser() -> Generator[Browser]:
    """Run a Chromium while the block runs."""
    node.ensure_axe()
    path = ensure_browser()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path, headless=True, args=list(_ARGUMENTS)
        )
        try:
            yield Browser(chromium)
        finally:
            chromium.close()


def _listen(sight: Sight) -> None:
    def said(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            sight.complaints.append(message.text)

    sight.page.on("console", said)
    sight.page.on("pageerror", lambda error: sight.complaints.append(str(error)))
    sight.page.on("requestfailed", lambda request: sight.complaints.append(request.url))
