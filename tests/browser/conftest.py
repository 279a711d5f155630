"""A browser, and the built site: on a local server and on disk."""

import functools
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from chromium import FLAGS, chromium_path, refuse
from figures import open_figure
from places import ROOT, SITE
from playwright.sync_api import Browser, Locator, expect, sync_playwright

sys.path.insert(0, str(ROOT / "book" / "_ext"))


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Keep the requests out of the test's output."""


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built site."""
    if not (SITE / "index.html").exists():
        pytest.fail("the site is not built: run `make book` first", pytrace=False)
    return SITE


@pytest.fixture(scope="session")
def addresses(site: Path) -> Iterator[dict[str, str]]:
    """Where the site stands: {"http": on a local server, "file": on disk}."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {"http": f"http://127.0.0.1:{server.server_port}", "file": site.as_uri()}
    server.shutdown()
    server.server_close()


# Per module, so that Playwright's event loop has ended when the notebooks of the same worker start theirs.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    program = chromium_path()
    if program is None:
        refuse()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture
def figure(request: pytest.FixtureRequest, browser: Browser, addresses: dict[str, str]) -> Iterator[Locator]:
    """The live figure that a test module calls NAME, on its PAGE, alive."""
    module = request.module
    opened = open_figure(browser, f"{addresses['http']}/{module.PAGE}", module.NAME, viewport=module.WIDE)
    expect(opened).to_have_attribute("data-state", "ready")
    yield opened
    opened.page.context.close()
