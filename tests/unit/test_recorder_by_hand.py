"""Attention written by hand is recorded; a softmax that weighs no values is not."""

from collections.abc import Callable

import pytest
import torch
from attnbook.recorder import AttentionMaps, NothingRecorded, record_attention
from attnbook.recorder.softmax_trail import SoftmaxTrails
from torch import Tensor, nn
from torch.nn import functional as F

SCORES, VALUE = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 5, 6)  # (B, H, Lq, Lk), (B, H, Lk, Ev)
WEIGHTS = SCORES.softmax(-1)
MASK = torch.rand(2, 1, 4, 5) < 0.7


def recorded(function: Callable[[], object]) -> AttentionMaps:
    with record_attention(None) as maps:
        function()
    return maps


def only_map(function: Callable[[], object]) -> Tensor:
    maps = recorded(function)
    assert len(maps.calls("(no module)")) == 1
    return maps["(no module)"]


@pytest.mark.parametrize(
    "softmax",
    [
        lambda: F.softmax(SCORES, dim=-1),
        lambda: F.softmax(input=SCORES, dim=3, dtype=torch.float32),
        lambda: torch.softmax(SCORES, -1),
        lambda: torch.softmax(input=SCORES, dim=-1),
        lambda: SCORES.softmax(dim=-1),
        lambda: torch.special.softmax(SCORES, -1),
        lambda: nn.Softmax(dim=-1)(SCORES),
    ],
)
def test_every_spelling_of_softmax(softmax):
    assert torch.equal(only_map(lambda: softmax() @ VALUE), WEIGHTS)


@pytest.mark.parametrize(
    "product",
    [
        lambda w: w @ VALUE,
        lambda w: torch.matmul(w, VALUE),
        lambda w: torch.matmul(input=w, other=VALUE),
        lambda w: w.matmul(other=VALUE),
        lambda w: torch.bmm(w.view(6, 4, 5), VALUE.view(6, 5, 6)),
        lambda w: w.flatten(0, 1).bmm(mat2=VALUE.flatten(0, 1)),
        lambda w: torch.einsum("bhqk,bhkd->bqhd", w, VALUE),
        lambda w: torch.einsum("...qk, ...kd -> ...qd", [w, VALUE]),
        lambda w: torch.einsum("bhkd,bhqk->bhqd", VALUE, w),
        lambda w: torch.einsum("bhqk,bhkd", w, VALUE),
        lambda w: torch.einsum(w, [0, 1, 2, 3], VALUE, [0, 1, 3, 4]),
        lambda w: VALUE.mT @ w.mT,  # the values first, both transposed, as in SAGAN
        lambda w: torch.bmm(VALUE.view(6, 5, 6).transpose(1, 2), w.view(6, 4, 5).permute(0, 2, 1)),
        lambda w: w.permute(1, 0, 2, 3) @ VALUE.transpose(0, 1),
        lambda w: VALUE.mT @ torch.transpose(input=w, dim0=-1, dim1=2),
        lambda w: VALUE.mT @ w.permute(dims=(0, 1, 3, 2)),
        lambda w: VALUE.mT @ torch.permute(w, (0, 1, -1, -2)),
    ],
)
def test_every_spelling_of_the_product(product):
    assert torch.equal(only_map(lambda: product(F.softmax(SCORES, -1))), WEIGHTS)


@pytest.mark.parametrize(
    "between",
    [
        lambda w: F.dropout(w, 0.5),
        lambda w: F.dropout(w, 0.5, inplace=True),
        lambda w: nn.Dropout(0.5, inplace=True)(w),
        lambda w: torch.dropout(w, 0.5, True),
        lambda w: torch.dropout_(w, 0.5, True),
        lambda w: F.dropout(w.to(torch.bfloat16), 0.5).float(),
        lambda w: F.dropout(w, 0.5) * MASK,
        lambda w: w.type_as(VALUE).contiguous().clone().reshape(6, 4, 5).unflatten(0, (2, 3)),
    ],
)
def test_dropout_casts_and_reshapes_do_not_change_the_map(between):
    assert torch.equal(only_map(lambda: between(F.softmax(SCORES, -1)) @ VALUE), WEIGHTS)


@pytest.mark.parametrize(
    "change",
    [
        lambda w: w * MASK,
        lambda w: MASK.float() * w,
        lambda w: w.masked_fill(~MASK, 0.0),
        lambda w: w / w.sum(-2, keepdim=True),
        lambda w: w * torch.tensor([1.0, 0.0, 0.5]).view(3, 1, 1),  # a gate for each head
        lambda w: torch.nan_to_num(w),
        lambda w: w.where(MASK, 0.0),
        lambda w: torch.where(~MASK, 0.0, w),
    ],
)
def test_masks_and_gates_behind_the_softmax_are_part_of_the_map(change):
    assert torch.equal(only_map(lambda: F.dropout(change(F.softmax(SCORES, -1)), 0.5) @ VALUE), change(WEIGHTS))


def test_a_sink_that_is_sliced_off():
    weights = only_map(lambda: F.softmax(SCORES, -1)[..., :-1] @ VALUE[..., :-1, :])
    assert torch.equal(weights, WEIGHTS[..., :-1])


@pytest.mark.parametrize(
    "no_attention",
    [
        lambda: F.softmax(torch.randn(4, 5), -1) @ torch.randn(5, 6),  # a classifier's: two dimensions
        lambda: F.softmax(SCORES, -1) * SCORES,
        lambda: F.softmax(SCORES, -1).sum(),
        lambda: VALUE @ F.softmax(torch.randn(2, 3, 6, 5), -1),  # summed over the queries
        lambda: F.softmax(SCORES, -2) @ VALUE,
        lambda: (F.softmax(SCORES, -1) * SCORES) @ VALUE,  # a gate of features
        lambda: (F.softmax(SCORES, -1) + SCORES) @ VALUE,
        lambda: F.softmax(SCORES, -1).view(2, 3, 5, 4) @ torch.randn(2, 3, 4, 6),
        lambda: F.softmax(SCORES, -1).argmax(-1),
        lambda: F.softmax(torch.randn(2, 4, 4, 5), -1)[..., 0] @ torch.randn(2, 4, 6),
        lambda: F.softmax(SCORES, -1)[..., :1, :] @ VALUE,  # some of the queries only
        lambda: torch.einsum("bte,bted->btd", F.softmax(SCORES[0], -1), torch.randn(3, 4, 5, 6)),  # a router
        lambda: F.softmax(SCORES[0], -1).unsqueeze(-2) @ torch.randn(3, 4, 5, 6),  # the same router
        lambda: torch.einsum("bhqk,bhqd->bhkd", F.softmax(SCORES, -1), SCORES),
        lambda: torch.einsum("bhqk->bhq", F.softmax(SCORES, -1)),
        lambda: torch.einsum("bhqk,bhkd->bhqkd", F.softmax(SCORES, -1), VALUE),  # weighed, not summed
    ],
)
def test_what_is_not_recorded(no_attention):
    with pytest.raises(NothingRecorded):
        recorded(no_attention)


def test_weights_used_twice_are_recorded_once():
    def relative() -> Tensor:
        weights = F.softmax(SCORES, -1)
        return F.dropout(weights, 0.0) @ VALUE + weights @ VALUE

    assert torch.equal(only_map(relative), WEIGHTS)


def test_a_row_without_any_key_is_zero_and_stays_nan_in_the_output():
    scores = SCORES.clone()
    scores[0, 0, 1] = -torch.inf
    outputs = []
    weights = only_map(lambda: outputs.append(F.softmax(scores, -1) @ VALUE))
    assert (weights[0, 0, 1] == 0).all() and outputs[0][0, 0, 1].isnan().all()
    assert torch.equal(weights[1], WEIGHTS[1])


def test_other_nan_is_not_hidden():
    scores = SCORES.clone()
    scores[0, 0, 1, 2] = torch.nan
    assert only_map(lambda: F.softmax(scores, -1) @ VALUE)[0, 0, 1].isnan().all()


def test_a_slice_of_the_heads():
    assert torch.equal(only_map(lambda: F.softmax(SCORES, -1)[:, 1:] @ VALUE[:, 1:]), WEIGHTS[:, 1:])


def test_on_the_meta_device():
    scores, value, mask = (x.to("meta") for x in (SCORES, VALUE, MASK.float().expand_as(SCORES)))
    assert only_map(lambda: F.softmax(scores, -1) @ value).is_meta
    assert only_map(lambda: F.scaled_dot_product_attention(value, value, value, mask.mT @ mask)).is_meta
    with pytest.raises(NothingRecorded):  # whether it is a mask cannot be read there
        recorded(lambda: (F.softmax(scores, -1) * mask) @ value)


def test_inside_vmap_it_is_named_and_breaks_nothing():
    def attention(scores: Tensor, value: Tensor, mask: Tensor) -> Tensor:
        return (F.softmax(scores, -1) * mask) @ value

    for mask in (MASK.expand_as(SCORES), MASK.float().expand_as(SCORES)):
        expected = attention(SCORES, VALUE, mask)
        with pytest.raises(NothingRecorded), record_attention(None):
            output = torch.func.vmap(attention)(SCORES, VALUE, mask)
        torch.testing.assert_close(output, expected)


def test_nothing_is_followed_longer_than_it_lives():
    trails = SoftmaxTrails()
    weights = SCORES.softmax(-1)
    trails.begin((SCORES, -1), {}, weights)
    copied = trails.follow(Tensor.clone, (weights,), {})
    assert trails
    del weights, copied
    assert not trails


def test_a_model_by_hand_is_named_where_the_values_are_weighed():
    class ByHand(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.softmax, self.dropout = nn.Softmax(-1), nn.Dropout(0.5)

        def forward(self, x: Tensor) -> Tensor:
            return self.dropout(self.softmax(x @ x.mT)) @ x

    model = nn.Sequential(ByHand(), nn.Softmax(-1), ByHand())
    x = torch.randn(2, 4, 4)
    with record_attention(model) as maps:
        model(x)
    assert list(maps) == ["0", "2"]
    assert torch.equal(maps["0"], (x @ x.mT).softmax(-1))
