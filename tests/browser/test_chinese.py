"""Chinese shows on a machine that has no Chinese font, and the font for it loads only where it is needed."""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from book_site.fonts import CHINESE, CHINESE_FONT, PUNCTUATION, write_chinese_font
from fontTools.ttLib import TTFont
from places import ROOT, SITE
from playwright.sync_api import Browser, Page, Route

FIGURE_PAGE = "intuition/seq2seq.html"
CORPUS = json.loads((ROOT / "code" / "figures" / "translate" / "corpus.json").read_text(encoding="utf-8"))
FILES = [file for file in sorted(SITE.rglob("*.html")) if file.relative_to(SITE).parts[0] != "_static"]
TEXTS = {str(file.relative_to(SITE)): html.unescape(file.read_text(encoding="utf-8")) for file in FILES}
WITH_CHINESE = [page for page, text in TEXTS.items() if CHINESE.search(text)]
STACKS = {
    "base": '"Liberation Sans", "DejaVu Sans", var(--book-font-family-chinese), sans-serif',
    "monospace": '"Liberation Mono", "DejaVu Sans Mono", var(--book-font-family-chinese), monospace',
}
MARK = """shown => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const { data, parentElement: element } = texts.currentNode;
        const isShown = element.checkVisibility({ visibilityProperty: true });
        if (isShown && RegExp(shown).test(data)) element.dataset.drawn = "";
    }
    return [...document.querySelectorAll("[data-drawn]")].map((element) => element.textContent);
}"""


def without_own_font(route: Route) -> None:
    """The style as it works on a machine without Chinese fonts, whatever this one has."""
    response = route.fetch()
    css = re.sub(r"(--book-font-family-chinese:)[^;]*;", r'\1 "none", "Book Chinese";', response.text())
    for name, stack in STACKS.items():
        css = re.sub(rf"(--pst-font-family-{name}:)[^;]*;", rf"\1 {stack};", css)
    route.fulfill(response=response, body=css)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on a machine without Chinese fonts."""
    opened = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    opened.route("**/book.css*", without_own_font)
    yield opened
    opened.context.close()


def shown_and_missing(page: Page) -> tuple[list[str], list[str]]:
    """The shown texts with Chinese, and those of them whose Chinese the book's font does not draw, or not all of it."""
    texts = page.evaluate(MARK, CHINESE.pattern)
    devtools = page.context.new_cdp_session(page)
    for domain in ("DOM", "CSS"):
        devtools.send(f"{domain}.enable")
    root = devtools.send("DOM.getDocument")["root"]["nodeId"]
    nodes = devtools.send("DOM.querySelectorAll", {"nodeId": root, "selector": "[data-drawn]"})["nodeIds"]
    missing = []
    for node, text in zip(nodes, texts, strict=True):
        fonts = devtools.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        ours = [font for font in fonts if font["isCustomFont"] and "Noto Sans SC" in font["familyName"]]
        if sum(font["glyphCount"] for font in ours) != len(CHINESE.findall(text)):
            missing.append(text)
    devtools.detach()
    return texts, missing


def status(page: Page) -> list[str]:
    """How far the book's Chinese font has come."""
    faces = page.evaluate("[...document.fonts].map(({ family, status }) => [family, status])")
    return [state for family, state in faces if "Book Chinese" in family]


def test_the_font_has_every_chinese_character_of_the_site_and_is_light() -> None:
    file = SITE / "_static" / CHINESE_FONT
    there = TTFont(file).getBestCmap().keys()
    shown = "".join([*TEXTS.values(), *CORPUS["source"]])
    assert {sign for sign in CHINESE.findall(shown) if ord(sign) not in there} == set()
    assert {ord(sign) for sign in PUNCTUATION} <= there
    assert file.stat().st_size < 120_000


def test_the_licence_goes_with_the_font() -> None:
    names = TTFont(SITE / "_static" / CHINESE_FONT)["name"]
    assert "Adobe" in names.getDebugName(0)
    assert "SIL Open Font License" in names.getDebugName(13)
    assert "SIL OPEN FONT LICENSE" in (SITE / "_static" / "book-chinese-OFL.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("place", WITH_CHINESE)
def test_all_chinese_of_a_page_is_drawn(page: Page, addresses: dict[str, str], place: str) -> None:
    page.goto(f"{addresses['http']}/{place}")
    page.wait_for_function("document.fonts.check('16px \"Book Chinese\"', '我')")
    page.wait_for_timeout(300)
    assert status(page) == ["loaded"]
    shown, missing = shown_and_missing(page)
    assert shown
    assert missing == []


def test_all_chinese_of_the_living_figure_is_drawn(page: Page, addresses: dict[str, str]) -> None:
    page.goto(f"{addresses['http']}/{FIGURE_PAGE}")
    figure = page.locator("[data-figure=translate]").first
    figure.scroll_into_view_if_needed()
    page.wait_for_selector("[data-figure=translate][data-state=ready]")
    for preset in ("order", "clause", "question", "food"):
        figure.locator(f"[data-control=preset-{preset}]").click()
        page.wait_for_timeout(300)
        shown, missing = shown_and_missing(page)
        words = figure.locator(".stage [data-line=source] .word").all_inner_texts()[:-1]
        assert words
        assert set(words) <= set(shown)
        assert missing == []
    field = figure.locator("input[data-control=sentence]")
    assert "Book Chinese" in field.evaluate("node => getComputedStyle(node).fontFamily")
    assert "Book Chinese" in figure.locator("svg text").first.evaluate("node => getComputedStyle(node).fontFamily")


@pytest.mark.parametrize("place", [page for page in TEXTS if page not in WITH_CHINESE])
def test_a_page_without_chinese_does_not_ask_for_the_font(page: Page, addresses: dict[str, str], place: str) -> None:
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{addresses['http']}/{place}")
    page.wait_for_timeout(300)
    assert any("book.css" in url for url in asked)
    assert not any(CHINESE_FONT in url for url in asked)
    assert status(page) == ["unloaded"]


def test_the_readers_own_chinese_font_comes_first(browser: Browser, addresses: dict[str, str]) -> None:
    opened = browser.new_context().new_page()
    opened.goto(f"{addresses['http']}/{FIGURE_PAGE}")
    for selector, last in {"main p": "sans-serif", "main pre": "monospace", ".attn-figure": "sans-serif"}.items():
        fonts = opened.locator(selector).first.evaluate("node => getComputedStyle(node).fontFamily").split(", ")
        places = [fonts.index(name) for name in ('"PingFang SC"', '"Microsoft YaHei"', '"Book Chinese"', last)]
        assert places == sorted(places)
        assert places[2:] == [len(fonts) - 2, len(fonts) - 1]
    opened.context.close()


def test_a_site_without_chinese_gets_no_font(tmp_path: Path) -> None:
    write_chinese_font(tmp_path, ["<p>“attention”</p>"])
    assert list(tmp_path.iterdir()) == []
