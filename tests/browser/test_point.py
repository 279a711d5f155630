"""The figure "point", driven as a reader drives it; its weights, scores and answers against PyTorch."""

import math
import re
from functools import cache

import pytest
import torch
from attnbook.data.tatoeba import english_words
from attnbook.recipes.pretrained_classifiers import SCALES, load_classifier_pretrained
from attnbook.recipes.trained_classifier import TrainedClassifier
from figures import assert_refused, numbers, open_figure
from playwright.sync_api import Browser, Locator, expect

NAME = "point"
PAGE = "text/classifier_that_points.html"
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
MODELS = ("dp", "dp-l")
PRESETS = {
    "plain": "a warm, funny and touching film",
    "negation": "this is not a good film",
    "contrast": "the plot is dull, but the actors are wonderful",
    "order": "good, not bad",
    "zero": "this is not a good film",
    "moved": "the film is great",
    "flat": "the plot is dull, but the actors are wonderful",
}
CLOSE = {"atol": 1e-5, "rtol": 1e-5}

trained = cache(load_classifier_pretrained)


def type_in(figure: Locator, text: str) -> None:
    figure.locator("[data-control=text]").fill(text)


def chip(figure: Locator, word: str, model: str = "dp") -> Locator:
    return figure.locator(f".stage [data-model={model}] .chip", has=figure.page.get_by_text(word, exact=True)).first


def choose(figure: Locator, word: str, action: str | None = None, model: str = "dp") -> None:
    """Choose a word, and press a button for it."""
    chip(figure, word, model).click()
    if action:
        figure.locator(f"[data-control={action}]").click()


def column(figure: Locator, prefix: str) -> list[float]:
    """The numbers shown whose names begin so, in the order of the words."""
    return list(numbers(figure, prefix).values())


def scale(figure: Locator) -> float:
    return SCALES[int(figure.locator("input[data-control=scale]").input_value())]


def check_against_pytorch(figure: Locator, words: list[str], kind: str = "now") -> None:
    """Both classifiers show what PyTorch makes of these words, at the λ that is set."""
    for name in MODELS:
        model: TrainedClassifier = trained(name, scale(figure))
        read = model.read(words)
        if kind == "now":
            shown = torch.tensor([column(figure, f"{sort}-{name}:") for sort in ("weight", "polarity")])
            torch.testing.assert_close(shown, torch.stack([read.weights, read.polarity_scores]), **CLOSE)
        found = numbers(figure, f"probability-{name}-{kind}")[f"probability-{name}-{kind}"]
        assert found == pytest.approx(read.probability, abs=1e-5)


@pytest.mark.parametrize("preset", PRESETS)
def test_an_example_shows_pytorchs_answer_and_its_note(figure: Locator, preset: str) -> None:
    button = figure.locator(f"[data-control=preset-{preset}]")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(figure.locator("[data-control=text]")).to_have_value(PRESETS[preset])
    expect(figure.locator(".heard")).to_contain_text(figure.locator(".notes .now").inner_text())
    is_edited = preset in ("order", "zero", "moved")
    check_against_pytorch(figure, english_words(PRESETS[preset]), "before" if is_edited else "now")
    if preset == "order":
        check_against_pytorch(figure, ["bad", ",", "not", "good"])


@pytest.mark.parametrize("place", range(len(SCALES)))
def test_the_slider_takes_the_weights_of_its_step(figure: Locator, place: int) -> None:
    slider = figure.locator("input[data-control=scale]")
    slider.press("Home")
    for _ in range(place):
        slider.press("ArrowRight")
    assert scale(figure) == SCALES[place]
    expect(slider).to_have_attribute("aria-valuetext", f"λ = {SCALES[place]:,g}".replace(",", " "))
    check_against_pytorch(figure, english_words(PRESETS["plain"]))
    for name in MODELS:
        accuracy = trained(name, SCALES[place]).history[0]["accuracy"]
        assert numbers(figure, "accuracy-")[f"accuracy-{name}"] == pytest.approx(accuracy)


def test_the_weights_flatten_as_the_divisor_grows(figure: Locator) -> None:
    slider = figure.locator("input[data-control=scale]")
    heaviest = {}
    for key in ("Home", "End"):
        slider.press(key)
        heaviest[key] = [max(column(figure, f"weight-{name}:")) for name in MODELS]
    assert min(heaviest["Home"]) > 0.5
    assert heaviest["End"] == pytest.approx([1 / 7] * 2, abs=0.001)


@pytest.mark.parametrize(
    "text", ["I LOVED it!", "it isn’t good", "well-made, e.g. the U.S. part: 3.5 of 5", "good\nbad", "great " * 40]
)
def test_a_typed_text_is_cut_and_read_as_in_python(figure: Locator, text: str) -> None:
    type_in(figure, text)
    words = english_words(text)
    assert figure.locator(".stage [data-model=dp] .word").all_inner_texts() == words
    check_against_pytorch(figure, words)


def test_typing_key_by_key_keeps_the_focus_and_the_place(figure: Locator) -> None:
    box = figure.locator("[data-control=text]")
    box.press("Home")
    box.press_sequentially("not ")
    expect(box).to_be_focused()
    assert box.evaluate("box => box.selectionStart") == 4
    check_against_pytorch(figure, ["not", *english_words(PRESETS["plain"])])


@pytest.mark.parametrize("model", MODELS)
def test_a_deleted_word_is_read_by_neither_and_comes_back(figure: Locator, model: str) -> None:
    words = english_words(PRESETS["plain"])
    choose(figure, "funny", "delete", model)
    button = figure.locator("[data-control=delete]")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(figure.locator("[data-control=zero]")).to_be_disabled()
    left = [word for word in words if word != "funny"]
    for name in MODELS:
        read = trained(name, 1.0).read(left)
        shown = column(figure, f"weight-{name}:")
        assert shown.pop(3) == 0
        torch.testing.assert_close(torch.tensor(shown), read.weights, **CLOSE)
        assert numbers(figure, "probability-")[f"probability-{name}-now"] == pytest.approx(read.probability, abs=1e-5)
    check_against_pytorch(figure, words, "before")
    expect(chip(figure, "funny").locator("del")).to_have_text("funny")
    button.click()
    check_against_pytorch(figure, words)
    expect(figure.locator(".stage [data-model=dp] .verdict.before")).to_be_hidden()


def test_a_word_is_swapped_for_one_offered_or_typed(figure: Locator) -> None:
    words = english_words(PRESETS["plain"])
    choose(figure, "funny", "swap-bad")
    words[3] = "bad"
    check_against_pytorch(figure, words)
    box = figure.locator("[data-control=swap]")
    box.fill("Terrible")
    box.press("Enter")
    words[3] = "terrible"
    check_against_pytorch(figure, words)
    expect(figure.locator("[data-control=swap-bad]")).to_have_attribute("aria-pressed", "false")
    for wrong in ("very good", "🐍 🐍"):
        box.fill(wrong)
        box.press("Enter")
        expect(box).to_have_attribute("aria-invalid", "true")
        expect(figure.locator(".hint")).to_have_text("One word can be put in.")
        check_against_pytorch(figure, words)
    box.fill("")
    box.press("Enter")
    check_against_pytorch(figure, english_words(PRESETS["plain"]))


def test_a_weight_of_0_is_shared_by_the_others(figure: Locator) -> None:
    before = {name: column(figure, f"weight-{name}:") for name in MODELS}
    choose(figure, "warm", "zero")
    for name in MODELS:
        rest = 1 - before[name][1]
        wanted = [0 if place == 1 else weight / rest for place, weight in enumerate(before[name])]
        assert column(figure, f"weight-{name}:") == pytest.approx(wanted, abs=1e-6)
        check_sum(figure, name)
    figure.locator("[data-control=reset]").click()
    assert column(figure, "weight-dp:") == before["dp"]


def check_sum(figure: Locator, name: str) -> None:
    """The score is the sum of weight times polarity, and the probability is made of it."""
    pairs = zip(column(figure, f"weight-{name}:"), column(figure, f"polarity-{name}:"), strict=True)
    score = sum(weight * polarity for weight, polarity in pairs)
    assert numbers(figure, "score-")[f"score-{name}-now"] == pytest.approx(score, abs=1e-6)
    probability = numbers(figure, "probability-")[f"probability-{name}-now"]
    assert probability == pytest.approx(1 / (1 + math.exp(-score)), abs=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_a_weight_is_moved_with_two_clicks(figure: Locator, model: str) -> None:
    before = {name: column(figure, f"weight-{name}:") for name in MODELS}
    choose(figure, "funny", "move")
    expect(figure.locator(".hint")).to_contain_text("gets the weight of “funny”")
    chip(figure, "a", model).click()
    for name in MODELS:
        wanted = list(before[name])
        wanted[0], wanted[3] = wanted[0] + wanted[3], 0
        assert column(figure, f"weight-{name}:") == pytest.approx(wanted, abs=1e-6)
        check_sum(figure, name)
    expect(figure.locator(".stage [data-model=dp] .verdict.before")).to_be_visible()
    figure.locator("[data-control=move]").click()
    assert column(figure, "weight-dp:") == before["dp"]


def test_changes_stay_while_the_divisor_changes_and_end_with_the_text(figure: Locator) -> None:
    choose(figure, "funny", "zero")
    figure.locator("input[data-control=scale]").press("End")
    assert column(figure, "weight-dp:")[3] == 0
    assert column(figure, "weight-dp:")[0] == pytest.approx(1 / 6, abs=0.001)
    type_in(figure, "a warm film")
    check_against_pytorch(figure, ["a", "warm", "film"])
    expect(figure.locator("[data-control=reset]")).to_have_attribute("aria-disabled", "true")
    expect(figure.locator("[data-control=zero]")).to_be_disabled()


def test_pointing_at_a_word_tells_its_numbers_in_both(figure: Locator) -> None:
    chip(figure, "warm").hover()
    for name in MODELS:
        read = trained(name, 1.0).read(english_words(PRESETS["plain"]))
        expect(figure.locator(f".stage [data-model={name}] .product")).to_contain_text(
            f"“warm” adds {read.weights[1]:.2f} × {read.polarity_scores[1]:+.2f}".replace("-", "−")
        )
        expect(figure.locator(f".stage [data-model={name}] .pointed")).to_contain_text("warm")
    figure.locator("[data-control=text]").hover()
    expect(figure.locator(".stage .product").first).to_contain_text("sum of weight")


def test_everything_can_be_done_with_the_keyboard(figure: Locator) -> None:
    chips = figure.locator(".stage [data-model=dp-l] .chip")
    keyboard = figure.page.keyboard
    assert [each.get_attribute("tabindex") for each in chips.all()] == ["0"] + ["-1"] * 6
    chips.first.focus()
    keyboard.press("ArrowRight")
    expect(chips.nth(1)).to_be_focused()
    read = trained("dp-l", 1.0).read(english_words(PRESETS["plain"]))
    polarity = f"{read.polarity_scores[1]:+.1f}".replace("-", "−")
    said = re.compile(rf"^warm ?, weight {read.weights[1]:.2f}, polarity +{re.escape(polarity)}$")
    expect(chips.nth(1)).to_have_accessible_name(said)
    keyboard.press("Enter")
    expect(chips.nth(1)).to_have_attribute("aria-pressed", "true")
    keyboard.press("0")
    assert column(figure, "weight-dp-l:")[1] == 0
    keyboard.press("0")
    assert column(figure, "weight-dp-l:")[1] > 0
    keyboard.press("Delete")
    expect(chips.nth(1)).to_have_accessible_name(re.compile("^warm ?, deleted$"))
    keyboard.press("Delete")
    keyboard.press("m")
    keyboard.press("End")
    keyboard.press(" ")
    expect(chips.last).to_be_focused()
    assert column(figure, "weight-dp-l:")[1] == 0
    expect(figure.locator(".heard")).to_contain_text("untouched")
    figure.locator("[data-control=reset]").press("Enter")
    figure.locator("[data-control=move]").press("Enter")
    expect(chips.nth(1)).to_be_focused()
    keyboard.press("Escape")
    expect(figure.locator(".hint")).to_have_text("")
    check_against_pytorch(figure, english_words(PRESETS["plain"]))


def test_a_finger_moves_a_weight(browser: Browser, addresses: dict[str, str]) -> None:
    figure = open_figure(browser, f"{addresses['http']}/{PAGE}", NAME, viewport=NARROW, has_touch=True)
    for target in figure.locator(".stage :is(.chip, button, .swaps input)").all():
        box = target.bounding_box()
        assert min(box["width"], box["height"]) >= 24
    chip(figure, "funny", "dp-l").tap()
    figure.locator("[data-control=move]").tap()
    chip(figure, "a", "dp-l").tap()
    assert column(figure, "weight-dp-l:")[3] == 0
    assert figure.page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    type_in(figure, "snorkwobble" * 20)
    assert figure.page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    figure.page.context.close()


def test_unknown_words_are_shown_as_unknown_and_said_so(figure: Locator) -> None:
    type_in(figure, "a good <b>zzyzx</b>")
    unknown = figure.locator(".stage [data-model=dp] .unknown")
    assert "zzyzx" in unknown.all_inner_texts()
    expect(chip(figure, "zzyzx")).to_have_accessible_name(re.compile("^zzyzx ?, unknown, weight"))
    expect(figure.locator(".said")).to_contain_text("Unknown, not among the")
    expect(figure.locator(".said")).to_contain_text("zzyzx")
    assert figure.locator(".stage b").count() == 0
    check_against_pytorch(figure, english_words("a good <b>zzyzx</b>"))


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_nothing_to_judge_is_said(figure: Locator, text: str) -> None:
    type_in(figure, text)
    expect(figure.locator(".said")).to_contain_text("no word to judge")
    expect(figure).to_have_attribute("data-state", "ready")
    expect(figure.locator(".stage .chip")).to_have_count(0)
    expect(figure.locator(".stage .verdict.now").first).to_be_hidden()
    type_in(figure, "good")
    check_against_pytorch(figure, ["good"])


def test_without_any_word_left_nothing_is_decided(figure: Locator) -> None:
    type_in(figure, "good film")
    for word in ("good", "film"):
        choose(figure, word, "delete")
    for name in MODELS:
        assert numbers(figure, "probability-")[f"probability-{name}-now"] == 0.5
    expect(figure.locator(".stage .verdict.now .side").first).to_have_text("undecided 0.50")


@pytest.mark.parametrize("sign", ["good ", "🐍", "<"], ids=["word", "emoji", "html"])
def test_a_text_that_is_too_long_is_refused_and_the_one_before_stays(figure: Locator, sign: str) -> None:
    type_in(figure, sign * 5_000)
    expect(figure.locator(".said")).to_contain_text("are too many, the figure takes 240")
    expect(figure.locator("[data-control=text]")).to_have_attribute("aria-invalid", "true")
    check_against_pytorch(figure, english_words(PRESETS["plain"]))
    type_in(figure, "good")
    expect(figure.locator("[data-control=text]")).not_to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_the_bars_glide_unless_the_reader_wants_no_motion(
    browser: Browser, addresses: dict[str, str], motion: str
) -> None:
    figure = open_figure(browser, f"{addresses['http']}/{PAGE}", NAME, viewport=WIDE, reduced_motion=motion)
    figure.locator("input[data-control=scale]").press("End")
    bars = figure.locator(".stage .height")
    durations = bars.evaluate_all("bars => bars.map(bar => parseFloat(getComputedStyle(bar).transitionDuration))")
    if motion == "reduce":
        assert max(durations) < 0.001  # seconds
    else:
        assert set(durations) == {0.25}
        assert bars.evaluate_all("bars => bars.some(bar => bar.getAnimations().length > 0)")
    figure.page.context.close()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"text": "a " * 121}, "text"),
        ({"text": ["<img src=x onerror=alert(1)>"]}, "text"),
        ({"scale": 2}, "scale"),
        ({"edits": [{"kind": "zero", "place": 99}]}, "no word 99"),
        ({"edits": [{"kind": "swap", "place": 0, "word": "two words"}]}, "one word can be put in"),
        ({"edits": [{"kind": "<b>burn</b> 🐍" * 1000, "place": 0}]}, "edits"),
    ],
    ids=["long", "list", "scale", "place", "words", "kind"],
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
    expect(figure.locator(".problem")).to_contain_text("point.safetensors")
    expect(figure.locator(".poster svg").first).to_be_visible()
    page.context.close()
