"""The figure "masks", driven as a reader drives it; its weights against the library and PyTorch."""

import pytest
import torch
from attnbook import masked_softmax
from attnbook.masks import causal_mask, combine_masks, padding_mask, window_mask
from figures import assert_refused, numbers, open_figure
from playwright.sync_api import Browser, Locator, expect

NAME = "masks"
PAGE = "qkv/masks_memory_cost.html"
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
SIZE = 6
PADDING = padding_mask(torch.tensor([4]), SIZE)[0].expand(SIZE, SIZE)
PRESETS = {
    "none": torch.ones(SIZE, SIZE, dtype=torch.bool),
    "padding": PADDING,
    "causal": causal_mask(SIZE),
    "window": window_mask(SIZE, before=1, after=1),
    "empty": combine_masks(PADDING, window_mask(SIZE, before=1, after=0)),
}


def grid(figure: Locator, prefix: str) -> torch.Tensor:
    """The weights shown, (6, 6)."""
    return torch.tensor(list(numbers(figure, prefix).values()), dtype=torch.float64).view(SIZE, SIZE)


def allowed(figure: Locator) -> torch.Tensor:
    """What the cells say of themselves, (6, 6)."""
    selected = "cells => cells.map(cell => cell.getAttribute('aria-selected') === 'true')"
    return torch.tensor(figure.locator("[role=gridcell]").evaluate_all(selected)).view(SIZE, SIZE)


def cell(figure: Locator, row: int, column: int) -> Locator:
    return figure.locator(f"[data-control=cell-{row}-{column}]")


def choose(figure: Locator, preset: str) -> None:
    figure.locator(f"[data-control=preset-{preset}]").click()


def slide(figure: Locator, name: str, value: int) -> None:
    figure.locator(f"input[data-control={name}]").fill(str(value))


def check_against_pytorch(figure: Locator, mask: torch.Tensor) -> None:
    """The cells show this mask, and both pictures the weights that it leaves."""
    assert torch.equal(allowed(figure), mask)
    ours, habit = grid(figure, "weight-"), grid(figure, "habit-")
    sums = torch.tensor(list(numbers(figure, "sum-weight-").values()), dtype=torch.float64)
    choose(figure, "none")
    scores = grid(figure, "weight-").log()  # the scores, but for a constant in each row
    torch.testing.assert_close(ours, masked_softmax(scores, mask), atol=1e-5, rtol=0)
    torch.testing.assert_close(habit, scores.masked_fill(~mask, -1e9).softmax(-1), atol=1e-5, rtol=0)
    torch.testing.assert_close(sums, mask.any(-1).double(), atol=1e-6, rtol=0)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_shows_its_mask_and_its_note(figure: Locator, preset: str) -> None:
    cell(figure, 2, 5).click()
    button = figure.locator(f"[data-control=preset-{preset}]")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(figure.locator(".heard")).to_have_text(figure.locator(".notes .now").inner_text())
    check_against_pytorch(figure, PRESETS[preset])


def test_a_row_with_nothing_allowed_is_zeros_here_and_uniform_with_the_habit(figure: Locator) -> None:
    choose(figure, "causal")
    cell(figure, 1, 1).click()
    assert grid(figure, "weight-")[0].tolist() == [0] * SIZE
    assert grid(figure, "habit-")[0].tolist() == pytest.approx([1 / SIZE] * SIZE, abs=1e-6)
    assert numbers(figure, "sum-weight-1")["sum-weight-1"] == 0
    assert numbers(figure, "sum-habit-1")["sum-habit-1"] == pytest.approx(1, abs=1e-6)
    expect(figure.locator(".explained")).to_contain_text("“I” may see nothing")
    expect(figure.locator(".heard")).to_contain_text("“I” may see nothing")


def test_a_click_forbids_a_cell_and_the_next_one_allows_it(figure: Locator) -> None:
    choose(figure, "none")
    mask = PRESETS["none"].clone()
    mask[2, 1] = False
    cell(figure, 3, 2).click()
    expect(cell(figure, 3, 2)).to_have_attribute("aria-label", "food may not see like, weight 0")
    expect(figure.locator(".explained")).to_contain_text("“food” may see “I” ")
    expect(figure.locator(".explained")).not_to_contain_text("like")
    assert figure.locator("[data-control=kind] input:checked").count() == 0
    check_against_pytorch(figure, mask)
    cell(figure, 3, 2).click()
    cell(figure, 3, 2).click()
    assert torch.equal(allowed(figure), PRESETS["none"])
    expect(figure.locator("[data-control=kind] input:checked")).to_have_value("none")


def test_a_finger_changes_a_cell(browser: Browser, addresses: dict[str, str]) -> None:
    figure = open_figure(browser, f"{addresses['http']}/{PAGE}", NAME, viewport=NARROW, has_touch=True)
    figure.locator("[data-control=preset-causal]").tap()
    box = cell(figure, 2, 6).bounding_box()
    assert min(box["width"], box["height"]) >= 24
    cell(figure, 2, 6).tap()
    mask = PRESETS["causal"].clone()
    mask[1, 5] = True
    check_against_pytorch(figure, mask)
    figure.page.context.close()


def test_the_keyboard_walks_the_grid_and_changes_cells(figure: Locator) -> None:
    choose(figure, "none")
    assert figure.locator("[role=gridcell][tabindex='0']").count() == 1
    cell(figure, 1, 1).focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowUp"):
        figure.page.keyboard.press(key)
    expect(cell(figure, 2, 2)).to_be_focused()
    expect(cell(figure, 2, 2)).to_have_attribute("tabindex", "0")
    expect(figure.locator(".explained")).to_contain_text("“like” may see")
    figure.page.keyboard.press("Space")
    figure.page.keyboard.press("End")
    figure.page.keyboard.press("ArrowRight")  # there is no further one
    figure.page.keyboard.press("Enter")
    expect(cell(figure, 2, 6)).to_be_focused()
    figure.page.keyboard.press("Home")
    expect(cell(figure, 2, 1)).to_be_focused()
    mask = PRESETS["none"].clone()
    mask[1, [1, 5]] = False
    check_against_pytorch(figure, mask)


def test_the_rules_make_the_masks_of_the_library(figure: Locator) -> None:
    choose(figure, "none")
    slide(figure, "length", 3)
    expect(figure.locator("input[data-control=length]")).to_have_attribute("aria-valuetext", "3 of 6")
    padding = padding_mask(torch.tensor([3]), SIZE)[0].expand(SIZE, SIZE)
    assert torch.equal(allowed(figure), padding)
    figure.locator("[data-control=kind] input[value=causal]").check()
    assert torch.equal(allowed(figure), padding & causal_mask(SIZE))
    slide(figure, "before", 2)  # and with it a window is chosen
    slide(figure, "after", 1)
    expect(figure.locator("[data-control=kind] input:checked")).to_have_value("window")
    check_against_pytorch(figure, padding & window_mask(SIZE, before=2, after=1))


def test_the_controls_follow_a_preset(figure: Locator) -> None:
    choose(figure, "empty")
    expect(figure.locator("[data-control=kind] input:checked")).to_have_value("window")
    sizes = {"length": "4", "before": "1", "after": "0"}
    assert {name: figure.locator(f"input[data-control={name}]").input_value() for name in sizes} == sizes


def test_a_click_on_a_row_of_either_picture_explains_it(figure: Locator) -> None:
    choose(figure, "causal")
    figure.locator("[role=table] [data-name=habit-5-1]").click()
    expect(figure.locator(".explained")).to_contain_text("“PAD” may see “I”")
    figure.locator("[role=grid] [role=rowheader]").first.click()
    expect(figure.locator(".explained")).to_contain_text("“I” may see “I” 1.00: together 1.")
    assert torch.equal(allowed(figure), PRESETS["causal"])


def test_a_page_that_reads_from_right_to_left_leaves_the_figure_as_it_is(figure: Locator) -> None:
    places = "nodes => nodes.map(node => node.getBoundingClientRect().x)"
    texts = figure.locator(".stage svg text")
    left = figure.bounding_box()["x"]
    before = [x - left for x in texts.evaluate_all(places)]
    figure.page.evaluate("document.querySelector('[data-figure=masks]').parentElement.dir = 'rtl'")
    left = figure.bounding_box()["x"]
    assert [x - left for x in texts.evaluate_all(places)] == pytest.approx(before, abs=1)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"allowed": [[True] * 6] * 5}, "allowed"),
        ({"allowed": [[True] * 5 + ["<img src=x onerror=alert(1)>"]] * 6}, "allowed"),
        ({"row": 6}, "row"),
        ({"row": "<b>1</b>" * 1000}, "row"),
    ],
    ids=["rows", "html", "range", "type"],
)
def test_a_bad_state_is_named_and_the_poster_stays(
    browser: Browser, addresses: dict[str, str], changes: dict[str, object], named: str
) -> None:
    assert_refused(browser, f"{addresses['http']}/{PAGE}", NAME, changes, named, viewport=WIDE)
