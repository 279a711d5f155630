"""The figure "query-key-value", driven as a reader drives it; its numbers against PyTorch."""

import pytest
import torch
from attnbook import attend, scores
from figures import assert_refused, drag, numbers, open_figure, swipe
from playwright.sync_api import Browser, Locator, expect

NAME = "query-key-value"
PAGE = "qkv/query_key_value.html"
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}


def points(figure: Locator, name: str) -> torch.Tensor:
    """The points shown, (n, 2)."""
    return torch.tensor(list(numbers(figure, name).values()), dtype=torch.float64).view(-1, 2)


def weights(figure: Locator) -> torch.Tensor:
    return torch.tensor(list(numbers(figure, "weight-").values()), dtype=torch.float64)


def check_against_pytorch(figure: Locator) -> None:
    """Scores, weights and output are those of the query, keys, values, temperature and score function shown."""
    temperature = numbers(figure, "temperature")["temperature"]
    score = getattr(scores, figure.locator("[data-control=score] input:checked").input_value())
    query, keys = points(figure, "query-"), points(figure, "key-")
    wanted = attend(
        query,
        keys,
        points(figure, "value-"),
        score=lambda one, other: score(one, other) / temperature,
        need_weights=True,
    )
    shown = torch.tensor(list(numbers(figure, "score-").values()), dtype=torch.float64)
    torch.testing.assert_close(shown, score(query, keys)[0], atol=1e-5, rtol=0)
    torch.testing.assert_close(weights(figure), wanted.weights[0], atol=1e-5, rtol=0)
    for name in ("output-", "mixed-"):  # in the table, and beside the picture
        torch.testing.assert_close(points(figure, name), wanted.output, atol=1e-5, rtol=0)
    assert numbers(figure, "sum")["sum"] == pytest.approx(1, abs=1e-6)


def test_the_first_numbers_are_pytorchs(figure: Locator) -> None:
    assert points(figure, "key-").shape == (4, 2)
    check_against_pytorch(figure)


@pytest.mark.parametrize("name", ["query", "keys-3", "values-2"])
def test_the_mouse_drags_a_point(figure: Locator, name: str) -> None:
    shown = name.replace("s-", "-") + "-"
    before, weighed, mixed = points(figure, shown), weights(figure), points(figure, "output-")
    handle = figure.locator(f"[data-handle={name}]")
    unit = figure.locator(".stage svg").first.bounding_box()["width"] / 7
    drag(figure.page, handle, unit, 0.5 * unit)
    torch.testing.assert_close(points(figure, shown) - before, torch.tensor([[1, -0.5]]).double(), atol=0.03, rtol=0)
    assert torch.equal(weights(figure), weighed) == name.startswith("value")
    assert not torch.equal(points(figure, "output-"), mixed)
    expect(handle).to_be_focused()
    check_against_pytorch(figure)


@pytest.mark.parametrize("button", ["right", "middle"])
def test_the_other_mouse_buttons_drag_nothing(figure: Locator, button: str) -> None:
    before = points(figure, "query-")
    drag(figure.page, figure.locator("[data-handle=query]"), 60, 60, button=button)
    assert torch.equal(points(figure, "query-"), before)


@pytest.mark.parametrize(("side", "edge"), [(-2000, -3), (2000, 3)])
def test_a_point_stays_in_its_plane(figure: Locator, side: int, edge: int) -> None:
    drag(figure.page, figure.locator("[data-handle=keys-4]"), side, -side)
    assert points(figure, "key-4-").tolist() == [[edge, edge]]
    check_against_pytorch(figure)


@pytest.mark.parametrize(
    ("key", "right", "up"),
    [("ArrowLeft", -0.1, 0), ("ArrowRight", 0.1, 0), ("ArrowUp", 0, 0.1), ("Shift+ArrowDown", 0, -0.5)],
)
def test_arrow_keys_move_a_point(figure: Locator, key: str, right: float, up: float) -> None:
    before = points(figure, "key-2-")
    handle = figure.locator("[data-handle=keys-2]")
    handle.press(key)
    torch.testing.assert_close(points(figure, "key-2-") - before, torch.tensor([[right, up]]).double())
    x, y = (f"{number:.2f}".replace("-", "−") for number in points(figure, "key-2-")[0].tolist())
    assert handle.get_attribute("aria-valuetext").startswith(f"x {x}, y {y}; score")
    expect(handle).to_be_focused()
    check_against_pytorch(figure)


def test_a_finger_drags_a_point(browser: Browser, addresses: dict[str, str]) -> None:
    figure = open_figure(browser, f"{addresses['http']}/{PAGE}", NAME, viewport=NARROW, has_touch=True)
    before = points(figure, "query-")
    handle = figure.locator("[data-handle=query]")
    handle.scroll_into_view_if_needed()
    scrolled = figure.page.evaluate("scrollY")
    swipe(figure.page, handle, -60, 80)
    moved = (points(figure, "query-") - before)[0]
    assert moved[0] < -1 and moved[1] < -1.3
    assert figure.page.evaluate("scrollY") == scrolled
    check_against_pytorch(figure)
    figure.page.context.close()


@pytest.mark.parametrize(("key", "temperature", "sharper"), [("Home", 0.05, True), ("End", 5.0, False)])
def test_the_slider_sets_the_temperature(figure: Locator, key: str, temperature: float, sharper: bool) -> None:
    before = weights(figure).max()
    slider = figure.locator("input[data-control=temperature]")
    slider.press("ArrowLeft" if sharper else "ArrowRight")
    assert (numbers(figure, "temperature")["temperature"] < 1) == sharper
    check_against_pytorch(figure)
    slider.press(key)
    assert numbers(figure, "temperature")["temperature"] == pytest.approx(temperature, rel=0.01)
    assert slider.get_attribute("aria-valuetext") == f"{temperature:.2f}"
    assert (weights(figure).max() > before) == sharper
    check_against_pytorch(figure)


@pytest.mark.parametrize("score", ["dot", "cosine", "scaled_dot"])
def test_every_score_function(figure: Locator, score: str) -> None:
    figure.locator("[data-control=preset-far]").click()
    figure.locator(f"[data-control=score] input[value={score}]").check()
    check_against_pytorch(figure)


@pytest.mark.parametrize("preset", ["start", "equal", "far", "cosine", "sharp", "soft"])
def test_a_preset_shows_its_numbers_and_its_note(figure: Locator, preset: str) -> None:
    button = figure.locator(f"[data-control=preset-{preset}]")
    figure.locator("[data-handle=query]").press("ArrowUp")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    note = figure.locator(".notes .now").inner_text()
    expect(figure.locator(".heard")).to_have_text(note)
    check_against_pytorch(figure)


def test_equal_keys_share_equally_whatever_their_values(figure: Locator) -> None:
    figure.locator("[data-control=preset-equal]").click()
    drag(figure.page, figure.locator("[data-handle=values-1]"), -40, 60)
    assert weights(figure)[0] == weights(figure)[1] > 0.25


def test_a_far_key_takes_nearly_all_until_its_length_is_gone(figure: Locator) -> None:
    figure.locator("[data-control=preset-far]").click()
    assert weights(figure)[1] > 0.95
    figure.locator("[data-control=score] input[value=cosine]").check()
    expect(figure.locator("[data-control=preset-cosine]")).to_have_attribute("aria-pressed", "true")
    assert (weights(figure)[:3] - 1 / 3).abs().max() < 0.03


def test_a_very_sharp_softmax_is_a_dictionary(figure: Locator) -> None:
    figure.locator("[data-control=preset-sharp]").click()
    best = int(weights(figure).argmax())
    torch.testing.assert_close(points(figure, "output-")[0], points(figure, "value-")[best], atol=0.01, rtol=0)


def test_a_change_is_spoken(figure: Locator) -> None:
    figure.locator("[data-handle=query]").press("ArrowUp")
    spoken = ", ".join(f"k{i} {weight:.2f}" for i, weight in enumerate(weights(figure).tolist(), 1))
    expect(figure.locator(".heard")).to_contain_text(f"Weights: {spoken}.")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"temperature": 0}, "temperature"),
        ({"keys": [[0, 0]] * 3}, "keys"),
        ({"query": [0, 4]}, "query"),
        ({"values": [[0, "<img src=x onerror=alert(1)>"]] * 4}, "values"),
        ({"score": "<b>euclid</b> 🐍" * 1000}, "score"),
    ],
    ids=["temperature", "keys", "query", "values", "score"],
)
def test_a_bad_state_is_named_and_the_poster_stays(
    browser: Browser, addresses: dict[str, str], changes: dict[str, object], named: str
) -> None:
    assert_refused(browser, f"{addresses['http']}/{PAGE}", NAME, changes, named, viewport=WIDE)
