"""`record_attention`: what the maps offer, whose they are, and what stays as it was."""

import subprocess
import sys

import pytest
import torch
from attnbook import MultiHeadAttention, attend
from attnbook.recorder import NothingRecorded, record_attention
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint


class Block(nn.Module):
    """A vision transformer's block as timm writes it, with a method beside forward."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.qkv = nn.Linear(8, 24)
        self.dropout = dropout

    def forward(self, x: Tensor) -> Tensor:
        batch, length, size = x.shape
        query, key, value = self.qkv(x).reshape(batch, length, 3, 2, size // 2).permute(2, 0, 3, 1, 4).unbind(0)
        dropout_p = self.dropout if self.training else 0.0
        attended = F.scaled_dot_product_attention(query, key, value, dropout_p=dropout_p)
        return x + attended.transpose(1, 2).reshape(batch, length, size)

    def encode(self, x: Tensor) -> Tensor:
        return self(x)


def make_model(dropout: float = 0.0) -> nn.Sequential:
    return nn.Sequential(Block(dropout), nn.LayerNorm(8), Block(dropout))


X = torch.randn(2, 5, 8)


def test_maps_are_read_by_module_name():
    model = make_model()
    with record_attention(model) as maps:
        model(X)
        assert list(maps) == ["0", "2"]  # inside the block, too
    assert maps["2"].shape == (2, 2, 5, 5)
    maps.calls("0").clear()  # a list of the caller's own
    assert len(maps) == 2 and "0" in maps and "1" not in maps
    assert not maps["0"].requires_grad
    torch.testing.assert_close(maps["0"].sum(-1), torch.ones(2, 2, 5))
    assert repr(maps) == "AttentionMaps of 2 modules\n  0: (2, 2, 5, 5)\n  2: (2, 2, 5, 5)"


def test_a_vision_block_gives_the_softmax_of_its_scores():
    model = Block()
    with record_attention(model) as maps:
        model(X)
    query, key, _ = model.qkv(X).unflatten(-1, (3, 2, 4)).permute(2, 0, 3, 1, 4)  # each (B, H, L, 4)
    torch.testing.assert_close(maps["Block"], (query @ key.mT / 2).softmax(-1), atol=1e-6, rtol=0)


def test_an_unknown_name_gets_the_known_ones():
    model = make_model()
    with record_attention(model) as maps:
        model(X)
    with pytest.raises(KeyError, match="no map of '1'; recorded: 0, 2"):
        maps["1"]
    assert maps.get("1") is None


def test_a_module_that_ran_twice_is_asked_for_its_calls():
    model = Block()
    with record_attention(model) as maps:
        model(X)
        model(X[:, :3])
    with pytest.raises(ValueError, match=r"'Block' ran 2 times; maps.calls\('Block'\)"):
        maps["Block"]
    assert "Block" in maps
    assert [tuple(weights.shape) for weights in maps.calls("Block")] == [(2, 2, 5, 5), (2, 2, 3, 3)]


def test_the_maps_cannot_be_assigned_to():
    with record_attention(None) as maps:
        attend(X, X, X)
    with pytest.raises(TypeError):
        maps["x"] = X


@pytest.mark.parametrize("wrong", ["model", Block, [Block()], 3, torch.relu])
def test_a_model_that_is_no_module_is_refused(wrong):
    with (
        pytest.raises(TypeError, match=f"must be a torch.nn.Module or None; got {type(wrong).__name__}"),
        record_attention(wrong),
    ):
        pass


def test_no_attention_at_all_is_an_error():
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU())
    with (
        pytest.raises(NothingRecorded, match=r"no attention ran in Sequential \(3 modules\)"),
        record_attention(model),
    ):
        model(X)
    with pytest.raises(NothingRecorded, match="no attention ran in the block"), record_attention(None):
        model(X)


def test_an_error_of_the_block_is_passed_on():
    with pytest.raises(ZeroDivisionError), record_attention(make_model()):
        1 / 0  # noqa: B018


def test_calls_outside_the_model_are_not_its_own():
    model, other = Block(), Block()
    with record_attention(model) as maps:
        other(X)
        F.scaled_dot_product_attention(X, X, X)
        model(X)
    assert {name: len(maps.calls(name)) for name in maps} == {"Block": 1}


def test_a_module_under_two_names_goes_by_its_first():
    shared = Block()
    model = nn.ModuleDict({"first": shared, "second": nn.Sequential(shared)})
    with record_attention(model) as maps:
        model["second"](X)
        model["first"](X)
    assert list(maps) == ["first"] and len(maps.calls("first")) == 2


@pytest.mark.parametrize(
    "call",
    [
        lambda model: model.forward(X),
        lambda model: model.encode(X),
        lambda model: torch.func.functional_call(model, dict(model.named_parameters()), (X,)),
        lambda model: nn.DataParallel(model)(X),  # without devices it calls its module directly
    ],
)
def test_the_running_module_is_found_however_it_is_called(call):
    model = Block()
    with record_attention(model) as maps:
        call(model)
    assert list(maps) == ["Block"]


def test_everything_is_named_from_the_outermost_module():
    first, second = make_model(), make_model()
    with record_attention(None) as maps:
        first(X)
        second(X)
        attend(X, X, X)
    assert list(maps) == ["Sequential.0", "Sequential.2", "Sequential#2.0", "Sequential#2.2", "(no module)"]


def test_a_module_that_drives_a_foreign_model_does_not_name_it():
    class Trainer(nn.Module):
        def fit(self, model: nn.Module) -> None:
            model(X)

    with record_attention(None) as maps:
        Trainer().fit(make_model())
    assert list(maps) == ["Sequential.0", "Sequential.2"]


def test_gradients_and_dropout_stay_what_they_were():
    model = make_model(dropout=0.5)
    results = []
    for record in (False, True):
        model.zero_grad()
        torch.manual_seed(1)
        if record:
            with record_attention(model) as maps:
                output = model(X)
                output.square().sum().backward()
        else:
            output = model(X)
            output.square().sum().backward()
        results.append([output, torch.rand(1), *(p.grad.clone() for p in model.parameters())])
    assert all(torch.equal(plain, recorded) for plain, recorded in zip(*results, strict=True))
    torch.testing.assert_close(maps["0"].sum(-1), torch.ones(2, 2, 5))  # before dropout


@pytest.mark.parametrize("backward", [Tensor.backward, torch.autograd.backward])
@pytest.mark.parametrize("use_reentrant", [False, True])
def test_checkpointing_is_recorded_once(use_reentrant, backward):
    model = make_model(dropout=0.5)
    x = X.clone().requires_grad_()
    gradients = []
    for record in (False, True):
        torch.manual_seed(1)
        if record:
            with record_attention(model) as maps:
                backward(checkpoint(model, x, use_reentrant=use_reentrant).square().sum())
        else:
            backward(checkpoint(model, x, use_reentrant=use_reentrant).square().sum())
        gradients.append(x.grad)
        x.grad = None
    assert torch.equal(*gradients)
    assert [len(maps.calls(name)) for name in maps] == [1, 1]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("need_weights", [False, True])
def test_every_dtype_gives_rows_that_sum_to_one(dtype, need_weights):
    model = MultiHeadAttention(8, 2).to(dtype)
    with record_attention(model) as maps:
        model(X.to(dtype), is_causal=True, need_weights=need_weights)
    assert not maps["MultiHeadAttention"].requires_grad
    sums = maps["MultiHeadAttention"].float().sum(-1)
    torch.testing.assert_close(sums, torch.ones_like(sums), atol=1e-2 if dtype.itemsize < 4 else 1e-5, rtol=0)


def test_inside_autocast_the_maps_are_precise():
    model = Block()
    with torch.autocast("cpu", dtype=torch.bfloat16), record_attention(model) as maps:
        model(X)
    assert maps["Block"].dtype == torch.float32
    torch.testing.assert_close(maps["Block"].sum(-1), torch.ones(2, 2, 5))


def test_inference_mode():
    model = make_model()
    with torch.inference_mode(), record_attention(model) as maps:
        model(X)
    assert list(maps) == ["0", "2"]


def test_torch_func_grad_leaves_plain_tensors():
    model = Block()
    with record_attention(model) as maps:
        torch.func.grad(lambda x: model(x).sum())(X)
    assert maps["Block"].numpy().shape == (2, 2, 5, 5)


def test_nothing_heavy_is_imported():
    command = (
        "import sys, attnbook.recorder\n"
        "sys.exit(', '.join({'transformers', 'torch._dynamo', 'torch._inductor'} & sys.modules.keys()) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
