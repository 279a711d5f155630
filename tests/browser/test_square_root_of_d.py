"""The figure "square-root-of-d", driven as a reader drives it; its numbers against PyTorch's, from the same draws."""

import sys

import pytest
from figures import assert_refused, numbers, open_figure
from places import ROOT
from playwright.sync_api import Browser, Locator, expect

sys.path.insert(0, str(ROOT / "code" / "figures" / "tests" / "references"))

from make_square_root_of_d import measured

NAME = "square-root-of-d"
PAGE = "qkv/score_functions.html"
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
SEED = 133  # the figure's default
MOST = 2 * (1 - 1 / 16)


def slider(figure: Locator) -> Locator:
    return figure.locator("input[data-control=dimension]")


def dimension(figure: Locator) -> int:
    """The dimension that the slider says."""
    return int(slider(figure).get_attribute("aria-valuetext").removeprefix("d = "))


def check_against_pytorch(figure: Locator, d: int, seed: int = SEED) -> None:
    """All numbers are those of this draw in this dimension."""
    assert dimension(figure) == d
    for side, wanted in measured(seed, d).items():
        shown = [numbers(figure, f"{name}-{side}")[f"{name}-{side}"] for name in ("largest", "gradient", "share")]
        gradient = wanted["gradient"]
        assert shown == pytest.approx([wanted["largest"], gradient, 100 * gradient / MOST], abs=1e-4)
        assert numbers(figure, f"variance-{side}")[f"variance-{side}"] == pytest.approx(wanted["variance"], rel=1e-5)
        assert list(numbers(figure, f"weight-{side}-").values()) == pytest.approx(wanted["weights"], abs=1e-5)


def height(figure: Locator, name: str) -> float:
    return figure.locator(f".stage [data-name={name}]").bounding_box()["height"]


@pytest.mark.parametrize(("preset", "d"), [("two", 2), ("head", 64), ("large", 512)])
def test_a_preset_shows_its_numbers_and_its_note(figure: Locator, preset: str, d: int) -> None:
    slider(figure).press("ArrowRight")
    button = figure.locator(f"[data-control=preset-{preset}]")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(figure.locator(".heard")).to_have_text(figure.locator(".notes .now").inner_text())
    check_against_pytorch(figure, d)


def test_the_gradient_vanishes_without_the_division_only(figure: Locator) -> None:
    shares = {}
    for preset in ("two", "large"):
        figure.locator(f"[data-control=preset-{preset}]").click()
        shares[preset] = numbers(figure, "share-")
    assert shares["two"]["share-dot"] > 80 and shares["large"]["share-dot"] < 20
    assert min(share["share-scaled"] for share in shares.values()) > 80


def test_every_arrow_key_changes_the_dimension(figure: Locator) -> None:
    slider(figure).press("Home")
    seen = [dimension(figure)]
    for _ in range(5):
        slider(figure).press("ArrowRight")
        seen.append(dimension(figure))
    assert seen == [2, 3, 4, 5, 6, 7]
    check_against_pytorch(figure, 7)
    slider(figure).press("ArrowLeft")
    check_against_pytorch(figure, 6)
    slider(figure).press("End")
    check_against_pytorch(figure, 512)


def test_the_mouse_slides_the_dimension(figure: Locator) -> None:
    slider(figure).scroll_into_view_if_needed()
    box = slider(figure).bounding_box()
    y = box["y"] + box["height"] / 2
    page = figure.page
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], y)
    page.mouse.up()
    assert 100 < dimension(figure) < 300
    check_against_pytorch(figure, dimension(figure))


def test_a_finger_slides_and_draws_again(browser: Browser, addresses: dict[str, str]) -> None:
    figure = open_figure(browser, f"{addresses['http']}/{PAGE}", NAME, viewport=NARROW, has_touch=True)
    box = slider(figure).bounding_box()
    assert box["height"] >= 24
    slider(figure).tap(position={"x": 3, "y": box["height"] / 2})
    check_against_pytorch(figure, 2)
    figure.locator("[data-control=again]").tap()
    check_against_pytorch(figure, 2, SEED + 1)
    figure.page.context.close()


def test_draw_again_draws_others_and_says_so(figure: Locator) -> None:
    pictures = "figure => [...figure.querySelectorAll('.stage path')].map(path => path.getAttribute('d'))"
    before = figure.evaluate(pictures)
    figure.locator("[data-control=again]").click()
    check_against_pytorch(figure, 64, SEED + 1)
    after = figure.evaluate(pictures)
    assert sum(one != other for one, other in zip(before, after, strict=True)) >= 6  # all but the two normal curves
    gradient = measured(SEED + 1, 64)["dot"]["gradient"]
    expect(figure.locator(".heard")).to_contain_text("d = 64. Without the division: largest weight")
    expect(figure.locator(".heard")).to_contain_text(f"gradient {gradient:.2f}.")


def test_a_bar_is_as_high_as_its_weight(figure: Locator) -> None:
    for side in ("dot", "scaled"):
        weights = numbers(figure, f"weight-{side}-")
        first, *others = sorted(weights, key=weights.get, reverse=True)
        for other in others[:2]:
            ratio = height(figure, other) / height(figure, first)
            assert ratio == pytest.approx(weights[other] / weights[first], abs=0.01)


def test_a_dimension_between_two_stops_is_shown_as_it_is(browser: Browser, addresses: dict[str, str]) -> None:
    changes = {"dimension": 500, "seed": 999_999}
    figure = open_figure(browser, f"{addresses['http']}/{PAGE}", NAME, changes=changes, viewport=WIDE)
    check_against_pytorch(figure, 500, 999_999)
    figure.locator("[data-control=again]").click()
    check_against_pytorch(figure, 500, 0)
    figure.page.context.close()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"dimension": 1}, "dimension"),
        ({"dimension": 64.5}, "dimension"),
        ({"seed": -1}, "seed"),
        ({"seed": "<script>alert(1)</script>" * 500}, "seed"),
    ],
    ids=["range", "whole", "negative", "html"],
)
def test_a_bad_state_is_named_and_the_poster_stays(
    browser: Browser, addresses: dict[str, str], changes: dict[str, object], named: str
) -> None:
    assert_refused(browser, f"{addresses['http']}/{PAGE}", NAME, changes, named, viewport=WIDE)
