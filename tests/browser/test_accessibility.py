"""axe finds nothing on any page, in light and dark, wide and narrow, inside the frames too; the keyboard gets about."""

import pytest
from places import ROOT
from playwright.sync_api import Browser, Page, expect
from test_pages import PAGES
from test_policy import draw_frames

AXE = ROOT / ".venv" / "npm" / "node_modules" / "axe-core" / "axe.min.js"
RUN = "axe.run(document, {iframes: false, resultTypes: ['violations']}).then(({ violations }) => violations)"


def open_page(browser: Browser, address: str, width: int = 1280, scheme: str = "light", **options: str) -> Page:
    size = {"width": width, "height": 900}
    page = browser.new_context(viewport=size, color_scheme=scheme, **options).new_page()
    page.goto(address)
    return page


def violations(page: Page) -> list[str]:
    """What axe finds in the page and in each of its frames."""
    script = AXE.read_text(encoding="utf-8")
    found = []
    for frame in page.frames:
        frame.evaluate(script)
        for fault in frame.evaluate(RUN):
            found += [f"{fault['id']}: {node['html']}" for node in fault["nodes"]]
    return found


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(browser: Browser, addresses: dict[str, str], path: str, width: int, scheme: str) -> None:
    page = open_page(browser, f"{addresses['http']}/{path}", width, scheme)
    draw_frames(page)
    for figure in page.locator(".attn-figure").all():
        figure.scroll_into_view_if_needed()
        expect(figure).to_have_attribute("data-state", "ready")
    page.wait_for_timeout(300)
    assert violations(page) == []
    page.context.close()


@pytest.mark.parametrize("inside", [False, True])
def test_axe_sees_a_planted_fault(browser: Browser, inside: bool) -> None:
    fault = '<html lang="en"><title>A</title><main><h1>A</h1><select><option>1</select></main>'
    page = browser.new_page()
    page.set_content(
        f'<html lang="en"><title>A</title><main><h1>A</h1><iframe title="a" srcdoc=\'{fault}\'></iframe></main>'
    )
    if not inside:
        page.set_content(fault)
    page.wait_for_load_state("load")
    found = violations(page)
    page.context.close()
    assert len(found) == 1
    assert found[0].startswith("select-name: ")


def test_the_first_key_offers_to_skip_to_the_text(browser: Browser, addresses: dict[str, str]) -> None:
    page = open_page(browser, f"{addresses['http']}/index.html")
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    expect(link).to_have_text("Skip to main content")
    expect(link).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main-content"
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["index.html", "qkv/query_key_value.html"])
def test_where_the_keyboard_is_can_be_seen(browser: Browser, addresses: dict[str, str], path: str, scheme: str) -> None:
    page = open_page(browser, f"{addresses['http']}/{path}", scheme=scheme)
    draw_frames(page)
    unseen, seen = set(), 0
    for _ in range(40):
        page.keyboard.press("Tab")
        marked = page.evaluate(
            """() => {
                const node = document.activeElement;
                if (node === document.body || node.tagName === "IFRAME") return true;
                const { outlineStyle, boxShadow, textDecorationLine } = getComputedStyle(node);
                return outlineStyle !== "none" || boxShadow !== "none" || textDecorationLine === "underline"
                  || node.outerHTML.slice(0, 120);
            }"""
        )
        seen += marked is True
        unseen |= set() if marked is True else {marked}
    page.context.close()
    assert unseen == set()
    assert seen


def test_nothing_moves_for_those_who_want_no_motion(browser: Browser, addresses: dict[str, str]) -> None:
    page = open_page(browser, f"{addresses['http']}/qkv/query_key_value.html", reduced_motion="reduce")
    moving = page.evaluate(
        """() => [document.documentElement, ...document.querySelectorAll("*")].filter((node) => {
            const style = getComputedStyle(node);
            const times = `${style.transitionDuration}, ${style.animationDuration}`.split(", ").map(parseFloat);
            return Math.max(...times) > 0.01 || style.scrollBehavior === "smooth";
        }).map((node) => node.outerHTML.slice(0, 120))"""
    )
    page.context.close()
    assert moving == []
