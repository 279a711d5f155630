"""Training curves: what is drawn is what was recorded."""

import pytest
from attnbook.plots_training import training_curves
from attnbook.training import History
from matplotlib import pyplot as plt


def make(*scores):
    return History(
        [
            {"epoch": epoch, "step": 6 * epoch, "count": 9.0, "loss": 1 / epoch, "seconds": 0.1, "exact_match": score}
            for epoch, score in enumerate(scores, 1)
        ]
    )


@pytest.fixture(autouse=True)
def fresh_pictures():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def test_a_panel_for_each_number_and_a_line_for_each_run():
    figure = training_curves({"fixed": make(0.1, 0.3), "attention": make(0.2, 0.9, 0.8)}, title="Two models")
    loss, match = figure.axes
    assert (loss.get_ylabel(), match.get_ylabel(), loss.get_xlabel()) == ("loss", "exact match", "epoch")
    drawn = [(list(line.get_xdata()), list(line.get_ydata())) for line in match.lines]
    assert drawn == [([1, 2], [0.1, 0.3]), ([1, 2, 3], [0.2, 0.9, 0.8])]
    assert [text.get_text() for text in loss.get_legend().get_texts()] == ["fixed", "attention"]
    assert len({(line.get_color(), line.get_linestyle()) for line in match.lines}) == 2
    assert figure.get_suptitle() == "Two models"


def test_one_run_with_its_best_epoch_marked():
    figure = training_curves(make(0.2, 0.9, 0.8), names=["exact_match"], best="exact_match")
    (ax,) = figure.axes
    line, mark = ax.lines
    assert list(line.get_ydata()) == [0.2, 0.9, 0.8]
    assert (list(mark.get_xdata()), list(mark.get_ydata())) == ([2], [0.9])
    assert ax.get_legend() is None
    figure.canvas.draw()
    assert all(tick == int(tick) for tick in ax.get_xticks())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: training_curves(History()), "each history must have a record"),
        (lambda: training_curves({}), "each history must have a record"),
        (lambda: training_curves({"a": make(1), "b": History()}), "each history must have a record"),
        (lambda: training_curves(make(1), names=[]), "names must have an entry"),
        (lambda: training_curves(make(1), names=["bleu"]), "nothing named 'bleu' was recorded"),
        (lambda: training_curves(make(1), best="exact_match", better="more"), "better must be one of"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
