"""Pictures: what is drawn is what was given; misfits are refused."""

import io
import warnings

import matplotlib
import numpy as np
import pytest
import torch
from attnbook.plots import COLORS, head_grid, heat_map, overlay, plt, use_style
from attnbook.plots_training import training_curves
from attnbook.training.history import History

WEIGHTS = torch.tensor([[0.7, 0.2, 0.1], [0.0, 1.0, 0.0]])


@pytest.fixture(autouse=True)
def fresh_pictures():
    plt.switch_backend("Agg")
    with matplotlib.rc_context():
        yield
    plt.close("all")


def labels(ticks):
    return [tick.get_text() for tick in ticks]


@pytest.mark.parametrize("kind", [torch.Tensor.clone, torch.Tensor.bfloat16, torch.Tensor.numpy, torch.Tensor.tolist])
def test_a_heat_map_has_a_row_for_each_query_and_a_column_for_each_key(kind):
    ax = heat_map(kind(WEIGHTS), ["le", "chat"], ["the", "black", "cat"], title="One head")
    drawn = np.asarray(ax.collections[0].get_array()).reshape(2, 3)
    np.testing.assert_allclose(drawn, WEIGHTS.numpy(), atol=4e-3)
    assert labels(ax.get_yticklabels()) == ["le", "chat"]
    assert labels(ax.get_xticklabels()) == ["the", "black", "cat"]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("key", "query", "One head")
    assert ax.yaxis_inverted()  # the first query on top
    assert ax.collections[0].get_clim() == (0.0, pytest.approx(1.0))


def test_options_of_a_heat_map():
    gold = torch.tensor([[True, False, False], [False, False, True]])
    _, ax = plt.subplots()
    assert heat_map(WEIGHTS.requires_grad_(), annotate=True, gold=gold, largest=0.5, ax=ax) is ax
    assert ax.collections[0].get_clim() == (0.0, 0.5)
    assert [text.get_text() for text in ax.texts] == ["0.70", "0.20", "0.10", "0.00", "1.00", "0.00"]
    outlines = [patch for patch in ax.patches if patch.get_edgecolor() == matplotlib.colors.to_rgba(COLORS["key"])]
    assert [(patch.get_x(), patch.get_y()) for patch in outlines] == [(0, 0), (2, 1)]


def test_a_single_cell_and_labels_that_look_like_formulas():
    ax = heat_map([[1.0]], ["$$"], [r"$\bad$"])
    ax.figure.canvas.draw()
    assert heat_map([[0.0]]).collections[0].get_array().item() == 0.0
    head_grid(torch.ones(1, 1, 1), ["$$"]).canvas.draw()


@pytest.mark.parametrize(
    "draw",
    [
        lambda: heat_map([[1.0]], ["我"], ["喜欢"], title="食物").figure,
        lambda: head_grid(torch.ones(1, 2, 2), ["我", "吃"], titles=["头"]),
        lambda: overlay(np.zeros((2, 2)), [[1.0]], title="看").figure,
        lambda: training_curves({"模型": History([{"epoch": 1, "loss": 1.0}])}, title="训练"),
        lambda: use_style() or plt.figure().suptitle("一张图", fontweight="bold").figure,
    ],
)
def test_chinese_is_drawn_without_a_complaint_and_without_a_font_of_the_machine(draw, caplog):
    before = list(plt.rcParams["font.family"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # "Glyph … missing from font(s) …"
        figure = draw()
        figure.canvas.draw()
        figure.savefig(io.BytesIO(), format="svg")
    assert not caplog.messages
    assert plt.rcParams["font.family"] in (before, ["sans-serif", "Noto Sans SC"])


def test_a_font_without_chinese_is_complained_about():
    with pytest.warns(UserWarning, match="Glyph .* missing from font"):
        plt.figure().suptitle("食物").figure.canvas.draw()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: heat_map(torch.rand(2, 3, 4)), r"weights must be \(Lq, Lk\).*got shape \(2, 3, 4\)"),
        (lambda: heat_map(torch.rand(0, 3)), r"weights must be \(Lq, Lk\).*got shape \(0, 3\)"),
        (lambda: heat_map(torch.rand(3, 0)), r"weights must be \(Lq, Lk\).*got shape \(3, 0\)"),
        (lambda: heat_map(WEIGHTS, queries=["a"]), "queries must have 2 labels; got 1"),
        (lambda: heat_map(WEIGHTS, keys=["a", "b"]), "keys must have 3 labels; got 2"),
        (lambda: heat_map(WEIGHTS, gold=WEIGHTS.T), r"gold must have the shape .*\(2, 3\); got \(3, 2\)"),
        (lambda: heat_map(WEIGHTS, gold=[True]), r"gold must be \(Lq, Lk\).*got shape \(1,\)"),
        (lambda: head_grid(WEIGHTS), r"weights must be \(H, Lq, Lk\).*got shape \(2, 3\)"),
        (lambda: head_grid(torch.rand(0, 3, 3)), r"got shape \(0, 3, 3\)"),
        (lambda: head_grid(torch.rand(2, 3, 3), ["a"]), r"1 tokens need maps of 1 x 1; got \(3, 3\)"),
        (lambda: head_grid(torch.rand(2, 1, 3), ["a"]), r"1 tokens need maps of 1 x 1; got \(1, 3\)"),
        (lambda: head_grid(torch.rand(2, 3, 3), titles=["a"]), "titles must have 2 entries; got 1"),
        (lambda: head_grid(torch.rand(2, 3, 3), columns=0), "columns must be 1 or more; got 0"),
        (lambda: overlay(np.zeros((3, 8, 8)), WEIGHTS), r"image must be .*got \(3, 8, 8\)"),
        (lambda: overlay(np.zeros((0, 8)), WEIGHTS), r"image must be .*got \(0, 8\)"),
        (
            lambda: overlay(np.zeros((8, 8)), WEIGHTS[0]),
            r"weights must be \(rows, columns\).*got shape \(3,\)",
        ),
        (lambda: overlay(np.zeros((8, 8)), -WEIGHTS), "weights must not be negative"),
        (lambda: overlay(np.zeros((8, 8)), WEIGHTS, query=(2, 0)), r"2 x 3 grid of patches; got \(2, 0\)"),
        (lambda: overlay(np.zeros((8, 8)), WEIGHTS, query=(0, -1)), r"2 x 3 grid of patches; got \(0, -1\)"),
    ],
)
def test_misfits(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_grid_of_heads_has_a_picture_for_each_on_one_scale():
    maps = torch.rand(5, 3, 3)
    figure = head_grid(maps, ["a", "b", "c"], columns=2)
    drawn = [ax for ax in figure.axes if ax.images]
    assert [ax.get_title() for ax in drawn] == [f"head {number}" for number in range(5)]
    for ax, weights in zip(drawn, maps, strict=True):
        np.testing.assert_allclose(ax.images[0].get_array(), weights, atol=1e-6)
        assert ax.images[0].get_clim() == (0.0, 1.0)
    assert labels(drawn[0].get_yticklabels()) == ["a", "b", "c"]
    titles = [ax.get_title() for ax in head_grid(maps, titles=list("vwxyz")).axes if ax.images]
    assert titles == list("vwxyz")


@pytest.mark.parametrize("shape", [(8, 12), (8, 12, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_an_overlay_covers_the_image_and_outlines_the_patch_that_asks(shape, dtype):
    image = (np.random.default_rng(0).random(shape) * 200).astype(dtype)
    ax = overlay(image / 255 if dtype is np.float32 else image, WEIGHTS, query=(1, 2), title="A patch asks")
    ground, cover = ax.images
    assert ground.get_extent() == cover.get_extent() == [0, 12, 8, 0]
    assert ground.get_array().shape == (8, 12)
    opacity = np.asarray(cover.get_array())[..., 3]
    assert opacity.shape == (2, 3)
    assert opacity.argmax() == WEIGHTS.argmax()
    assert opacity[0, 1] > opacity[0, 2] > opacity[1, 0]
    box = ax.patches[-1]
    assert (box.get_x(), box.get_y(), box.get_width(), box.get_height()) == (8, 4, 4, 4)
    assert ax.get_title() == "A patch asks"


def test_an_overlay_of_nothing_and_a_tensor_as_image():
    ax = overlay(torch.rand(4, 4, 3), torch.zeros(2, 2))
    opacity = np.asarray(ax.images[1].get_array())[..., 3]
    assert np.ptp(opacity) == 0 and np.isfinite(opacity).all()


def test_the_style_sets_what_it_says():
    use_style()
    assert plt.rcParams["figure.constrained_layout.use"] is True
    assert plt.rcParams["axes.spines.top"] is False
