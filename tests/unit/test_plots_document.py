"""Weighted documents: sentences and words as dark as what they get of the whole, marks, and misfits refused."""

import matplotlib
import numpy as np
import pytest
import torch
from attnbook.plots import COLORS, plt
from attnbook.plots_document import weighted_document

SENTENCES = [["the", "soup", "was", "cold"], ["a", "dull", "film"]]
WORD_WEIGHTS = [torch.tensor([0.1, 0.2, 0.1, 0.6]), [0.0, 0.9, 0.1]]
SENTENCE_WEIGHTS = torch.tensor([0.9, 0.1])


@pytest.fixture(autouse=True)
def fresh_pictures():
    plt.switch_backend("Agg")
    with matplotlib.rc_context():
        yield
    plt.close("all")


def draw(**options):
    given = {"sentences": SENTENCES, "word_weights": WORD_WEIGHTS, "sentence_weights": SENTENCE_WEIGHTS} | options
    return weighted_document(given.pop("sentences"), given.pop("word_weights"), given.pop("sentence_weights"), **given)


def darkness(artist):
    return 1 - np.mean(artist.get_facecolor()[:3])


def grounds(figure):
    """How dark the ground of each word is; sentence weights are written without one."""
    return {text.get_text(): darkness(text.get_bbox_patch()) for text in figure.texts if text.get_bbox_patch()}


def lines(figure):
    return [artist for artist in figure.artists if isinstance(artist, plt.Line2D)]


def test_words_are_as_dark_as_their_share_of_the_document():
    """0.9 of a sentence that gets 0.1 is less than 0.1 of one that gets 0.9 and 0.6 of it is most."""
    shades = grounds(draw())
    assert list(shades) == [word for sentence in SENTENCES for word in sentence]
    assert max(shades, key=shades.get) == "cold"
    assert shades["dull"] == pytest.approx(shades["the"], abs=0.01)
    assert shades["a"] == 0 < shades["film"] < shades["dull"]


def test_the_bar_ends_at_the_largest_share_or_at_what_is_given():
    (bar,) = draw().axes
    assert bar.get_xlim() == pytest.approx((0, 0.54))
    wider = draw(largest=2.0)
    assert wider.axes[0].get_xlim() == (0, 2)
    assert grounds(wider)["cold"] < grounds(draw())["cold"]


def test_each_sentence_has_a_box_with_its_weight():
    figure = draw()
    boxes = [artist for artist in figure.artists if isinstance(artist, plt.Rectangle)]
    assert [text.get_text() for text in figure.texts if not text.get_bbox_patch()] == ["0.90", "0.10"]
    assert len(boxes) == 2
    assert darkness(boxes[0]) > darkness(boxes[1])
    assert boxes[0].get_y() > boxes[1].get_y()


def test_deciding_sentences_get_a_bar_and_marked_words_a_line():
    assert not lines(draw())
    figure = draw(deciding=[True, False], marks=[[False] * 3 + [True], [False, True, False]])
    bars = [line for line in lines(figure) if len(set(line.get_xdata())) == 1]
    assert len(bars) == 1
    assert len(lines(figure)) == 3
    assert {line.get_color() for line in lines(figure)} == {COLORS["key"]}
    (first, second) = (artist for artist in figure.artists if isinstance(artist, plt.Rectangle))
    assert second.get_y() < first.get_y() <= min(bars[0].get_ydata())


def test_everything_stands_beside_the_boxes_and_inside_the_paper():
    long = [["restaurant"] * 30, ["$5", "<b>"]]
    figure = draw(sentences=long, word_weights=[[1 / 30] * 30, [0.5, 0.5]], title="A letter of $5", width=5.0)
    figure.canvas.draw()
    paper = figure.bbox
    right = max(box.get_window_extent().x1 for box in figure.artists if isinstance(box, plt.Rectangle))
    for text in figure.texts:
        extent = text.get_window_extent()
        assert paper.x0 <= extent.x0
        assert extent.x1 <= paper.x1
        assert paper.y0 <= extent.y0
        assert extent.y1 <= paper.y1
        assert not text.get_bbox_patch() or extent.x0 > right
    assert len({round(text.get_position()[1], 4) for text in figure.texts if text.get_text() == "restaurant"}) > 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sentences": [], "word_weights": [], "sentence_weights": []}, "1 or more"),
        ({"sentences": [["a"], []], "word_weights": [[1.0], []]}, "word_weights of sentence 1"),
        ({"word_weights": WORD_WEIGHTS[:1]}, "word_weights must have an entry for each of 2"),
        ({"word_weights": [[1.0], [0.0, 0.9, 0.1]]}, r"word_weights of sentence 0 must have shape \(4,\)"),
        ({"sentence_weights": [1.0]}, r"sentence_weights must have shape \(2,\)"),
        ({"sentence_weights": [1.5, -0.5]}, "not negative; they go down to -0.5"),
        ({"word_weights": [WORD_WEIGHTS[0], [float("nan"), 0.5, 0.5]]}, "sentence 1 must be finite"),
        ({"deciding": [True]}, "deciding must have an entry for each of 2"),
        ({"marks": [[True] * 4]}, "marks must have an entry for each of 2"),
        ({"marks": [[True] * 4, [True]]}, "sentence 1 has 3 words; got marks for 1"),
    ],
)
def test_misfits_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        draw(**options)
