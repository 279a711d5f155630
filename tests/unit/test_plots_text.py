"""Weighted words: what is drawn is what was given, on one scale, inside the paper; misfits are refused."""

import io
import math
import warnings

import matplotlib
import numpy as np
import pytest
import torch
from attnbook.plots import COLORS, plt, use_style
from attnbook.plots_text import UNKNOWN_INK, weighted_words

NOT_GOOD, FINE = ["not", "at", "all", "good"], ["fine", "."]


@pytest.fixture(autouse=True)
def fresh_pictures():
    plt.switch_backend("Agg")
    with matplotlib.rc_context():
        yield
    plt.close("all")


def darkness(text):
    """How dark the ground of a word is, from 0 for white to 1 for black."""
    return 1 - np.mean(text.get_bbox_patch().get_facecolor()[:3])


def luminance(color):
    rgb = np.asarray(matplotlib.colors.to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def test_words_of_all_texts_are_as_dark_as_their_weights_on_one_scale():
    figure = weighted_words([NOT_GOOD, FINE], [torch.tensor([0.4, 0.0, 0.1, 0.5]).bfloat16(), [0.25, 0.75]])
    by_word = {text.get_text(): darkness(text) for text in figure.texts}
    assert list(by_word) == [*NOT_GOOD, *FINE]
    assert sorted(by_word, key=by_word.get) == ["at", "all", "fine", "not", "good", "."]
    assert by_word["at"] == 0
    (bar,) = figure.axes
    assert bar.get_xlabel() == "attention weight"
    assert bar.get_xlim() == (0.0, 0.75)


def test_what_is_given_as_darkest_decides_and_is_written_on_the_bar():
    paler, darker = (weighted_words([["a"]], [[0.5]], largest=largest, label="λ") for largest in (1.0, 0.2))
    assert darkness(paler.texts[0]) < darkness(darker.texts[0])
    assert (paler.axes[0].get_xlim()[1], paler.axes[0].get_xlabel()) == (1.0, "λ")
    nothing = weighted_words([["a"]], [[0.0]])
    nothing.canvas.draw()
    assert darkness(nothing.texts[0]) == 0


def test_marks_underline_unknown_words_are_framed_and_titles_stand_above():
    figure = weighted_words(
        [NOT_GOOD, FINE],
        [[0.4, 0.0, 0.1, 0.5], [0.0, 1.0]],
        marks=[[True, False, False, True], [True, False]],
        unknown=[[False] * 4, torch.tensor([True, False])],
        titles=["first", "$second$"],
    )
    by_text = {text.get_text(): text for text in figure.texts}
    lines = [line for line in figure.findobj(plt.Line2D) if line.get_color() == COLORS["key"]]
    for line, word in zip(lines, ["not", "good", "fine"], strict=True):
        left, right = line.get_xdata()
        box = by_text[word].get_window_extent()
        assert left == pytest.approx(by_text[word].get_position()[0])
        assert (right - left) * figure.bbox.width == pytest.approx(box.width, abs=3)
    framed = [word for word in (*NOT_GOOD, *FINE) if by_text[word].get_bbox_patch().get_edgecolor()[3]]
    assert framed == ["fine"]
    assert by_text["fine"].get_color() == UNKNOWN_INK
    heights = [by_text[name].get_position()[1] for name in ("first", "not", "$second$", "fine")]
    assert heights == sorted(heights, reverse=True)


@pytest.mark.parametrize("is_unknown", [False, True])
def test_every_word_can_be_read_on_its_ground(is_unknown):
    shades = np.linspace(0, 1, 101)
    figure = weighted_words([["word"] * 101], [shades], unknown=[[is_unknown] * 101])
    for text in figure.texts:
        light = sorted(luminance(color) for color in (text.get_color(), text.get_bbox_patch().get_facecolor()))
        assert (light[1] + 0.05) / (light[0] + 0.05) >= 4.5


@pytest.mark.parametrize("style", [False, True])
@pytest.mark.parametrize("titles", [None, ["one", "two"]])
@pytest.mark.parametrize(("words", "width"), [(["attention"] * 80, 8.0), (["hi"], 8.0), (["gjpq", "W" * 15] * 9, 3.0)])
def test_long_texts_stay_on_the_paper_and_words_apart(words, width, titles, style):
    if style:
        use_style()
    figure = weighted_words([words, words], [np.linspace(0, 1, len(words))] * 2, titles=titles, width=width)
    figure.canvas.draw()
    renderer, page = figure.canvas.get_renderer(), figure.bbox
    bar = figure.axes[0].get_tightbbox(renderer)
    boxes = [(text.get_bbox_patch() or text).get_window_extent(renderer) for text in figure.texts]
    for box in (*boxes, bar):
        assert box.x0 >= 0 and box.x1 <= page.x1 and box.y0 >= 0 and box.y1 <= page.y1
    boxes.append(bar)
    for index, box in enumerate(boxes):
        others = np.array([other.extents for other in boxes[index + 1 :]]).reshape(-1, 4)
        beside = (others[:, 0] >= box.x1) | (others[:, 2] <= box.x0)
        assert (beside | (others[:, 1] >= box.y1) | (others[:, 3] <= box.y0)).all()


def test_chinese_and_dollar_signs_are_drawn_without_a_complaint(caplog):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = weighted_words(
            [["重点", r"$\bad$"]],
            [[0.5, 0.5]],
            unknown=[[True, True]],
            marks=[[True, True]],
            titles=["词 $"],
            label="权重",
        )
        figure.savefig(io.BytesIO(), format="svg")
    assert not caplog.messages


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: weighted_words([], []), "no text to draw"),
        (lambda: weighted_words([["a"]], []), "weights must have an entry for each of 1 texts; got 0"),
        (lambda: weighted_words([["a"]], [[1.0]], marks=[]), "marks must have an entry for each of 1 texts"),
        (lambda: weighted_words([["a"]], [[1.0]], titles=["a", "b"]), "titles must .* 1 texts; got 2"),
        (lambda: weighted_words([[]], [[]]), r"text 0 of 0 words needs as many weights, 1 or more; got \(0,\)"),
        (lambda: weighted_words([["a"]], [[0.5, 0.5]]), r"text 0 of 1 words needs as many .*got \(2,\)"),
        (lambda: weighted_words([["a"]], [[[1.0]]]), r"got \(1, 1\)"),
        (lambda: weighted_words([["a"], ["b"]], [[1.0], [-0.5]]), r"those of text 1 go down to -0\.5"),
        (lambda: weighted_words([["a"]], [[math.nan]]), "finite and not negative"),
        (lambda: weighted_words([["a"]], [[math.inf]]), "finite and not negative"),
        (lambda: weighted_words([["a"]], [[1.0]], unknown=[[]]), "text 0 has 1 words; got .* for 0"),
    ],
)
def test_misfits(call, message):
    with pytest.raises(ValueError, match=message):
        call()
