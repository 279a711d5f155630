"""The Content-Security-Policy: what the site was built with runs, on the server and from disk; nothing else does."""

import html
from pathlib import Path

import pytest
from book_site.policy import with_policy
from playwright.sync_api import Browser, Page, expect
from test_pages import PAGES

LISTEN = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.top.violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
"""
PLANTED = "<script>document.documentElement.dataset.planted = 1</script>"


def open_page(browser: Browser, address: str) -> Page:
    page = browser.new_context().new_page()
    page.add_init_script(LISTEN)
    page.goto(address)
    return page


def draw_frames(page: Page) -> None:
    for frame in page.locator("iframe").all():
        frame.scroll_into_view_if_needed()
        frame.content_frame.locator("svg").first.wait_for(state="attached", timeout=15_000)


@pytest.mark.parametrize("origin", ["http", "file"])
@pytest.mark.parametrize("path", [*PAGES, "search.html?q=query"])
def test_a_page_runs_without_a_violation(browser: Browser, addresses: dict[str, str], origin: str, path: str) -> None:
    page = open_page(browser, f"{addresses[origin]}/{path}")
    draw_frames(page)
    for figure in page.locator(".attn-figure").all():
        figure.scroll_into_view_if_needed()
        if origin == "http":
            expect(figure).to_have_attribute("data-state", "ready")
    if "q=" in path:
        page.locator("#search-results li a").first.wait_for(timeout=15_000)
    page.wait_for_timeout(300)  # for what comes late
    assert page.evaluate("window.violations") == []
    page.context.close()


@pytest.mark.parametrize("origin", ["http", "file"])
def test_the_buttons_of_a_page_work(browser: Browser, addresses: dict[str, str], origin: str) -> None:
    page = open_page(browser, f"{addresses[origin]}/qkv/query_key_value.html")
    page.evaluate("window.print = () => { document.body.dataset.printed = 'yes' }")
    page.locator('[data-press="print"]').first.evaluate("button => button.click()")
    expect(page.locator("body")).to_have_attribute("data-printed", "yes")
    page.locator('[data-press="full-screen"]').first.click()
    page.wait_for_function("document.fullscreenElement")
    page.evaluate("document.exitFullscreen()")
    themes = {page.locator("html").get_attribute("data-theme")}
    for _ in range(3):
        page.locator(".theme-switch-button").first.click()
        themes.add(page.locator("html").get_attribute("data-theme"))
    assert themes == {"light", "dark"}
    page.locator("button.copybtn").first.evaluate("button => button.click()")
    expect(page.locator("button.copybtn.success").first).to_be_attached()
    assert page.evaluate("window.violations") == []
    page.context.close()


@pytest.mark.parametrize("origin", ["http", "file"])
@pytest.mark.parametrize(
    ("planted", "refused"),
    [
        (PLANTED, "script-src-elem: inline"),
        ('<img src="data:," onerror="document.documentElement.dataset.planted = 1">', "script-src-attr: inline"),
        ('<iframe srcdoc="' + html.escape(PLANTED.replace("document", "top.document", 1)) + '"></iframe>', "inline"),
        ('<script src="http://127.0.0.1:9/a.js"></script>', "script-src-elem: http://127.0.0.1:9/a.js"),
        ('<img src="http://127.0.0.1:9/a.png">', "img-src: http://127.0.0.1:9/a.png"),
        ('<script src="data:text/javascript,document.documentElement.dataset.planted = 1"></script>', "data"),
    ],
)
def test_what_is_planted_in_a_page_is_refused(
    browser: Browser, addresses: dict[str, str], site: Path, origin: str, planted: str, refused: str
) -> None:
    page = browser.new_context().new_page()
    page.add_init_script(LISTEN)
    built = (site / "index.html").read_text(encoding="utf-8").replace("</h1>", "</h1>" + planted, 1)
    page.route("**/index.html", lambda route: route.fulfill(body=built, content_type="text/html"))
    page.goto(f"{addresses[origin]}/index.html")
    page.wait_for_timeout(300)
    assert any(refused in violation for violation in page.evaluate("window.violations"))
    assert page.locator("html").get_attribute("data-planted") is None
    page.context.close()


def test_the_policy_stands_before_all_scripts_and_names_what_is_inline() -> None:
    frame = f'<iframe title="a" srcdoc="{html.escape("<script>let b = 1</script>")}"></iframe>'
    data = '<script type="application/json" class="state">{}</script><script src="c.js"></script>'
    page = f'<head>\n<meta charset="utf-8" />\n<script>let a = 1</script></head><body>{frame}{data}</body>'
    finished = with_policy(page)
    assert with_policy(finished) == finished
    assert finished.index("<meta charset") < finished.index("Content-Security-Policy") < finished.index("<script>")
    policy = finished.split('content="')[1].split('"')[0]
    assert policy.count("'sha256-") == 2
    assert "'sha256-8SkQwMVPAG3tovEJmE9GHT/ow8N0PN0MMGx0Tr6Z4Lo='" not in policy  # of {}
    assert "unsafe-eval" not in policy
    assert "script-src 'self' file: 'sha256-" in policy
