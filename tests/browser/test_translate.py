"""The figure "translate", driven as a reader drives it; its translations and weights against PyTorch."""

import json
from functools import cache

import pytest
import torch
from attnbook.data.vocabulary import END, START, Vocabulary
from attnbook.figures import WEIGHTS
from attnbook.metrics.alignment import alignment_error_rate, links_from_weights
from attnbook.models.encoder_decoder import EncoderDecoder
from attnbook.models.search import greedy_search
from attnbook.models.source_weights import forced_weights
from attnbook.models.translators import create_translator
from figures import assert_refused, numbers, open_figure
from places import ROOT
from playwright.sync_api import Browser, Locator, expect
from safetensors.torch import load_file

NAME = "translate"
PAGE = "intuition/seq2seq.html"
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
NAMES = ("fixed_vector", "rnnsearch", "luong-general")
MODELS = NAMES[1:]
PRESETS = ("food", "order", "clause", "question", "long", "unknown")
CORPUS = json.loads((ROOT / "code" / "figures" / "translate" / "corpus.json").read_text(encoding="utf-8"))
SOURCE, TARGET = Vocabulary(CORPUS["source"]), Vocabulary(CORPUS["target"])


@cache
def translator(name: str) -> EncoderDecoder:
    """A translator with the weights that the page has."""
    prefix = f"{name}."
    stored = load_file(str(WEIGHTS / "translate.safetensors"))
    weights = {key.removeprefix(prefix): weight.float() for key, weight in stored.items() if key.startswith(prefix)}
    weights.setdefault("output.weight", weights["target_embedding.weight"])
    embed_dim = weights["encoder.embedding.weight"].shape[1]
    hidden_dim = weights["encoder.rnn.weight_hh_l0"].shape[1] * (2 if name.startswith("luong") else 1)
    model = create_translator(name, len(SOURCE), len(TARGET), embed_dim=embed_dim, hidden_dim=hidden_dim)
    model.load_state_dict(weights)
    return model.eval()


def type_in(figure: Locator, sentence: str) -> None:
    figure.locator("input[data-control=sentence]").fill(sentence)


def choose(figure: Locator, model: str) -> None:
    figure.locator(f"[data-control=model] input[value={model}]").check()


def words(figure: Locator, line: str) -> list[str]:
    """The words shown in a line, without those that are missing."""
    return figure.locator(f".stage [data-line='{line}'] .word:not(.missing)").all_inner_texts()


def shown_source(figure: Locator) -> list[str]:
    return words(figure, "source")[:-1]


def shown_weights(figure: Locator) -> torch.Tensor:
    """The map, (words of the translation, words of the sentence and its end)."""
    expect(figure.locator(".stage .map[aria-busy]")).to_have_count(0)
    read = "rows => rows.map(row => row.dataset.value.split(' ').map(Number))"
    return torch.tensor(figure.locator(".stage [data-name^=weights-]").evaluate_all(read))


def source_ids(sentence: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.tensor([[*SOURCE.encode(sentence), END]])
    return ids, torch.tensor([ids.shape[1]])


def check_against_pytorch(figure: Locator, model: str) -> None:
    """The words of all translators, the map of this one, and its error rate, are those of the sentence shown."""
    sentence = shown_source(figure)
    source, lengths = source_ids(sentence)
    for name in NAMES:
        found = greedy_search(translator(name), source, lengths, source.shape[1] * 3 // 2 + 10, need_weights=True)
        assert words(figure, name) == TARGET.decode(found.words[0]), name
        if name == model:
            wanted = found.weights[0, : len(words(figure, name))]
            torch.testing.assert_close(shown_weights(figure), wanted, atol=1e-5, rtol=0)
    gold = CORPUS["gold"].get(" ".join(sentence))
    rate = figure.locator("[data-name=alignment-error]")
    if gold is None:
        expect(rate).to_be_hidden()
        return
    target = torch.tensor([[START, *TARGET.encode(gold["target"]), END]])
    forced = forced_weights(translator(model), source, lengths, target)
    found = links_from_weights(forced, [len(sentence)], [len(gold["target"])], end_of_sentence=False)
    links = [set(map(tuple, gold["links"]))]
    wanted = alignment_error_rate(found, links, links)
    assert float(rate.get_attribute("data-value")) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("preset", PRESETS)
def test_an_example_shows_pytorchs_answer_and_its_note(figure: Locator, preset: str, model: str) -> None:
    choose(figure, model)
    button = figure.locator(f"[data-control=preset-{preset}]")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(figure.locator(f"[data-control=model] input[value={model}]")).to_be_checked()
    expect(figure.locator("input[data-control=sentence]")).to_have_value(CORPUS["examples"][preset])
    expect(figure.locator(".heard")).to_contain_text(figure.locator(".notes .now").inner_text())
    check_against_pytorch(figure, model)


def test_a_cell_of_the_map_is_painted_as_large_as_it_is(figure: Locator) -> None:
    # The site's style has rules for common class names, and CSS may set the width of a rectangle.
    read = (
        "cells => cells.map(cell => [cell.getBBox().width, cell.getBBox().height, Number(cell.getAttribute('width'))])"
    )
    sizes = figure.locator(".stage .map .weighed rect").evaluate_all(read)
    assert len(sizes) >= 3
    for width, height, given in sizes:
        assert width == pytest.approx(given, abs=0.01)
        assert height == pytest.approx(given, abs=0.01)


@pytest.mark.parametrize("sentence", ["你喜欢食物吗", "我 不 喜欢 食物。", "食物喜欢我，但是他们都不去学校", "会"])
def test_a_typed_sentence_is_translated(figure: Locator, sentence: str) -> None:
    type_in(figure, sentence)
    assert "".join(shown_source(figure)) == sentence.replace(" ", "").removesuffix("。")
    expect(figure.locator(".said")).to_contain_text("no gold")
    assert figure.locator(".stage :is(.wrong, .missing)").count() == 0
    check_against_pytorch(figure, "rnnsearch")


def test_typing_key_by_key_keeps_the_focus_and_the_place(figure: Locator) -> None:
    box = figure.locator("input[data-control=sentence]")
    box.press("Home")
    box.press_sequentially("你和")
    expect(box).to_be_focused()
    expect(box).to_have_value("你和我喜欢食物")
    assert box.evaluate("box => box.selectionStart") == 2
    check_against_pytorch(figure, "rnnsearch")


def test_the_box_suggests_what_may_come_next(figure: Locator) -> None:
    box = figure.locator("input[data-control=sentence]")
    assert box.evaluate("box => box.list.options.length") > 0
    box.fill("我喜")
    suggested = box.evaluate("box => [...box.list.options].map(option => [option.value, option.label])")
    assert ["我喜欢", "喜欢 like"] in suggested


@pytest.mark.parametrize("clauses", range(1, 7))
def test_the_slider_lengthens_a_sentence(figure: Locator, clauses: int) -> None:
    slider = figure.locator("input[data-control=clauses]")
    slider.press("End")
    for _ in range(6 - clauses):
        slider.press("ArrowLeft")
    assert shown_source(figure).count("，") == clauses - 1
    assert slider.get_attribute("aria-valuetext").startswith(str(clauses))
    check_against_pytorch(figure, "rnnsearch")


def test_words_that_stay_are_kept_and_read_as_if_all_were_new(
    figure: Locator, browser: Browser, addresses: dict[str, str]
) -> None:
    lines, slider = figure.locator(".stage .lines"), figure.locator("input[data-control=clauses]")

    def assert_as_new(model: str, sentence: str) -> None:
        new = open_figure(
            browser,
            f"{addresses['http']}/{PAGE}",
            NAME,
            changes={"model": model, "sentence": sentence},
            viewport=WIDE,
        )
        wanted = new.locator(".stage .lines")
        assert lines.aria_snapshot() == wanted.aria_snapshot()
        assert lines.inner_html() == wanted.inner_html()
        new.page.context.close()

    for key in ("End", "Home"):
        slider.press(key)
    first = lines.locator("[data-line=source] .word").first
    expect(first).to_have_text("很多")
    first.evaluate("word => { word.isKept = true; }")
    for key in ("ArrowRight", "ArrowRight", "End", "ArrowLeft"):
        slider.press(key)
    assert first.evaluate("word => word.isKept"), "the sentence only grew, and its first word was made again"
    assert_as_new("rnnsearch", CORPUS["ladder"][4])
    for preset, model in (("unknown", "luong-general"), ("food", "rnnsearch"), ("clause", "luong-general")):
        figure.locator(f"[data-control=preset-{preset}]").click()
        choose(figure, model)
    assert_as_new("luong-general", CORPUS["examples"]["clause"])
    # The fixed vector writes "the child that" for both, and where there is no gold "that" is not wrong.
    assert "that" in figure.locator(".stage [data-line=fixed_vector] .wrong").all_inner_texts()
    shorter = CORPUS["examples"]["clause"].removesuffix("衬衫")
    type_in(figure, shorter)
    assert words(figure, "fixed_vector")[:3] == ["the", "child", "that"]
    assert_as_new("luong-general", shorter)


def test_the_fixed_vector_breaks_where_attention_holds(figure: Locator) -> None:
    figure.locator("[data-control=preset-long]").click()
    errors = numbers(figure, "errors-")
    assert errors["errors-rnnsearch"] == errors["errors-luong-general"] == 0 < errors["errors-fixed_vector"]
    line = figure.locator(".stage [data-line=fixed_vector]")
    assert line.locator(".wrong").count() + line.locator(".missing").count() >= errors["errors-fixed_vector"]
    figure.locator("input[data-control=clauses]").press("Home")
    assert numbers(figure, "errors-")["errors-fixed_vector"] == 0


def test_the_table_shows_who_breaks_and_where(figure: Locator) -> None:
    rows = figure.locator(".stage .growth tbody tr")
    cells = [row.locator("td").all_inner_texts() for row in rows.all()]
    slider = figure.locator("input[data-control=clauses]")
    slider.press("End")
    for clauses in range(6, 0, -1):
        errors = numbers(figure, "errors-")
        for name, row in zip(NAMES, cells, strict=True):
            assert row[clauses - 1] == (str(int(errors[f"errors-{name}"])) if errors[f"errors-{name}"] else "✓")
        expect(figure.locator(".stage .growth thead [data-now]")).to_have_text(str(clauses))
        slider.press("ArrowLeft")
    fixed, *attending = cells
    assert "✓" not in fixed[3:]
    for row in attending:
        assert row[:4] == ["✓"] * 4
        assert row[5] != "✓"
    type_in(figure, "我喜欢鱼")
    expect(figure.locator(".stage .growth [data-now]")).to_have_count(0)


def test_the_gold_alignment_is_outlined(figure: Locator) -> None:
    figure.locator("[data-control=preset-order]").click()
    gold = CORPUS["gold"][" ".join(shown_source(figure))]
    assert words(figure, "rnnsearch") == gold["target"]
    outlined = figure.locator(".stage [data-gold]").evaluate_all("nodes => nodes.map(node => node.dataset.gold)")
    assert sorted(outlined) == sorted(f"{source},{target}" for source, target in gold["links"])


def strongest(figure: Locator, line: str) -> str:
    """The word of a line that is shaded most."""
    shade = "words => words.map(word => Number(/([0-9.]+)%/.exec(word.getAttribute('style') ?? '')?.[1] ?? 0))"
    shades = figure.locator(f".stage [data-line='{line}'] .linked").evaluate_all(shade)
    assert max(shades) > 0
    return words(figure, line)[shades.index(max(shades))]


def test_hovering_a_word_links_it_both_ways(figure: Locator) -> None:
    figure.locator(".stage [data-line=rnnsearch] .linked", has_text="food").hover()
    assert strongest(figure, "source") == "食物"
    expect(figure.locator(".linked-words")).to_contain_text("food ← 食物")
    figure.locator(".stage [data-line=source] .linked", has_text="喜欢").hover()
    assert strongest(figure, "rnnsearch") == "like"
    expect(figure.locator(".linked-words")).to_contain_text("喜欢 → like")
    grid = figure.locator(".stage .map .grid")
    cell = grid.bounding_box()["height"] / 3
    for column, row, linked in ((0, 0, "i ← 我"), (2, 0, "i ← 食物 0.0"), (1, 1, "like ← 喜欢"), (2, 2, "food ← 食物")):
        grid.hover(position={"x": (column + 0.5) * cell, "y": (row + 0.5) * cell}, force=True)
        expect(figure.locator(".linked-words")).to_contain_text(linked)
    grid.hover(position={"x": -10, "y": 1.5 * cell}, force=True)
    assert strongest(figure, "source") == "喜欢"
    figure.locator("input[data-control=sentence]").hover()
    expect(figure.locator(".linked-words")).to_contain_text("Point at a word")


def test_the_keyboard_goes_from_word_to_word(figure: Locator) -> None:
    line = figure.locator(".stage [data-line=rnnsearch] .linked")
    line.first.focus()
    figure.page.keyboard.press("ArrowRight")
    expect(line.nth(1)).to_be_focused()
    expect(line.nth(1)).to_have_accessible_name(f"like, looks at 喜欢 {shown_weights(figure)[1, 1]:.2f}")
    expect(figure.locator(".linked-words")).to_contain_text("like ← 喜欢")
    figure.page.keyboard.press("End")
    expect(line.last).to_be_focused()
    figure.page.keyboard.press("Home")
    expect(line.first).to_be_focused()
    assert [word.get_attribute("tabindex") for word in line.all()] == ["0", "-1", "-1"]


def test_a_finger_links_a_word(browser: Browser, addresses: dict[str, str]) -> None:
    figure = open_figure(browser, f"{addresses['http']}/{PAGE}", NAME, viewport=NARROW, has_touch=True)
    figure.locator(".stage [data-line=rnnsearch] .linked", has_text="food").tap()
    assert strongest(figure, "source") == "食物"
    grid = figure.locator(".stage .map .grid")
    grid.tap(position={"x": 10, "y": 10}, force=True)
    expect(figure.locator(".linked-words")).to_contain_text("i ← 我")
    for word in figure.locator(".stage .linked").all():
        box = word.bounding_box()
        assert min(box["width"], box["height"]) >= 24
    assert figure.page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    figure.page.context.close()


def test_unknown_words_are_shown_as_unknown_and_said_so(figure: Locator) -> None:
    type_in(figure, "我喜欢<b>🐍</b>")
    unknown = figure.locator(".stage [data-line=source] .unknown")
    expect(unknown).to_have_text("<b>🐍</b>")
    expect(unknown).to_have_accessible_name("<b>🐍</b>, unknown")
    expect(figure.locator(".said")).to_contain_text("Unknown, not among the")
    expect(figure.locator(".said")).to_contain_text("<b>🐍</b>")
    assert figure.locator(".stage b").count() == 0
    check_against_pytorch(figure, "rnnsearch")


@pytest.mark.parametrize("sentence", ["", "   ", "。？"])
def test_nothing_to_translate_is_said(figure: Locator, sentence: str) -> None:
    type_in(figure, sentence)
    expect(figure.locator(".said")).to_contain_text("no word to translate")
    expect(figure).to_have_attribute("data-state", "ready")
    expect(figure.locator(".stage .map *")).to_have_count(0)
    type_in(figure, "我喜欢食物")
    check_against_pytorch(figure, "rnnsearch")


@pytest.mark.parametrize("sign", ["我", "🐍", "<", "x "], ids=["word", "emoji", "html", "spaces"])
def test_a_sentence_that_is_too_long_is_refused_and_the_one_before_stays(figure: Locator, sign: str) -> None:
    type_in(figure, sign * 10_000)
    expect(figure.locator(".said")).to_contain_text("are too many, the translators take 120")
    expect(figure.locator("input[data-control=sentence]")).to_have_attribute("aria-invalid", "true")
    assert shown_source(figure) == ["我", "喜欢", "食物"]
    assert figure.page.evaluate("document.documentElement.scrollWidth") <= WIDE["width"]
    type_in(figure, "我喜欢鱼")
    expect(figure.locator("input[data-control=sentence]")).not_to_have_attribute("aria-invalid", "true")
    check_against_pytorch(figure, "rnnsearch")


def test_the_sliders_sentences_are_translated_once_for_a_reader_who_comes(figure: Locator) -> None:
    count = """() => {
        const { requestIdleCallback: ask } = window;
        let count = 0;
        window.requestIdleCallback = (task) => ask.call(window, () => {
            task();
            document.body.dataset.idle = (count += 1);
        });
    }"""
    figure.page.evaluate(count)
    figure.locator(".stage .map").hover()
    figure.locator("input[data-control=sentence]").focus()
    places = figure.locator("input[data-control=clauses]").get_attribute("max")
    expect(figure.page.locator("body")).to_have_attribute("data-idle", places)
    figure.page.wait_for_timeout(300)
    expect(figure.page.locator("body")).to_have_attribute("data-idle", places)


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_the_map_grows_unless_the_reader_wants_no_motion(
    browser: Browser, addresses: dict[str, str], motion: str
) -> None:
    figure = open_figure(browser, f"{addresses['http']}/{PAGE}", NAME, viewport=WIDE, reduced_motion=motion)
    figure.locator("[data-control=preset-long]").click()
    expect(figure.locator(".stage .map[aria-busy]")).to_have_count(0)
    running = "row => row.getAnimations().length"
    assert figure.locator(".stage .map .weighed").last.evaluate(running) == (motion == "no-preference")
    figure.page.context.close()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"sentence": "我" * 121}, "sentence"),
        ({"sentence": ["<img src=x onerror=alert(1)>"]}, "sentence"),
        ({"model": "<b>transformer</b> 🐍" * 1000}, "model"),
    ],
    ids=["long", "list", "model"],
)
def test_a_bad_state_is_named_and_the_poster_stays(
    browser: Browser, addresses: dict[str, str], changes: dict[str, object], named: str
) -> None:
    assert_refused(browser, f"{addresses['http']}/{PAGE}", NAME, changes, named, viewport=WIDE)


def test_a_missing_weights_file_is_named_and_the_poster_stays(browser: Browser, addresses: dict[str, str]) -> None:
    page = browser.new_context(viewport=WIDE).new_page()
    page.route("**/*.safetensors", lambda route: route.abort())
    page.goto(f"{addresses['http']}/{PAGE}")
    figure = page.locator(f"[data-figure={NAME}]").first
    figure.scroll_into_view_if_needed()
    expect(figure).to_have_attribute("data-state", "error")
    expect(figure.locator(".problem")).to_contain_text("translate.safetensors")
    expect(figure.locator(".poster svg").first).to_be_visible()
    page.context.close()
