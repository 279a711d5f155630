"""What cannot be recorded is named, never left out in silence; what is compiled is recorded uncompiled."""

import subprocess
import sys

import pytest
import torch
from attnbook import attend, streaming_attend
from attnbook.recorder import NothingRecorded, record_attention
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.attention.flex_attention import flex_attention

X = torch.randn(1, 2, 5, 16)


class Fused(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(x, x, x)


class ByHand(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.matmul((x @ x.transpose(-2, -1)).softmax(-1), x)


class Flex(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return flex_attention(x, x, x)


class Streaming(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return streaming_attend(x, x, x).output


@torch.library.custom_op("attnbook_tests::fast_attention", mutates_args=())
def fast_attention(query: Tensor) -> Tensor:
    """A kernel that torch knows nothing about."""
    return query.clone()


class Kernel(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.attnbook_tests.fast_attention(x)


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@pytest.mark.parametrize(
    ("unseen", "name"),
    [(Flex(), "flex_attention"), (Kernel(), "fast_attention"), (Streaming(), "streaming_attend")],
)
def test_what_holds_no_weights_is_named(unseen, name):
    with (
        pytest.raises(NothingRecorded, match=f"cannot record .*{name} in 'Sequential.0'.*besides: none"),
        torch.no_grad(),
        record_attention(None),
    ):
        nn.Sequential(unseen)(X)
    model = nn.Sequential(Fused(), unseen)
    with (
        pytest.raises(NothingRecorded, match=f"cannot record .*{name} in '1'.*besides: 0$"),
        torch.no_grad(),
        record_attention(model) as maps,
    ):
        model(X)
    assert list(maps) == ["0"]


def test_the_native_kernel_called_by_hand_is_named():
    mha, x = nn.MultiheadAttention(16, 4, batch_first=True), X[0]
    weights = mha.in_proj_weight, mha.in_proj_bias, mha.out_proj.weight, mha.out_proj.bias
    with (
        pytest.raises(NothingRecorded, match="_native_multi_head_attention in '\\(no module\\)'"),
        torch.no_grad(),
        record_attention(None),
    ):
        torch._native_multi_head_attention(x, x, x, 16, 4, *weights)


def test_an_unseen_kernel_of_another_model_is_none_of_ours():
    model = Fused()
    with record_attention(model) as maps:
        model(X)
        Kernel()(X)
    assert list(maps) == ["Fused"]


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning")
@pytest.mark.parametrize("layout", [torch.strided, torch.jagged])
def test_nested_tensors_are_named(layout):
    parts = [torch.randn(2, 3, 4), torch.randn(2, 5, 4)]  # (H, L of each, E)
    if layout is torch.jagged:
        parts = [part.transpose(0, 1) for part in parts]
    nested = torch.nested.nested_tensor(parts, layout=layout)
    nested = nested.transpose(1, 2) if layout is torch.jagged else nested
    model = Fused()
    with pytest.raises(NothingRecorded, match="nested tensors in 'Fused'"), record_attention(model):
        model(nested)


@pytest.mark.parametrize("model", [Fused(), nn.MultiheadAttention(16, 4, batch_first=True)])
def test_vmap_is_named(model):
    x = torch.randn(3, 2, 5, 16)
    with pytest.raises(NothingRecorded, match=r"inside torch\.func\.vmap in"), record_attention(model):
        if isinstance(model, nn.MultiheadAttention):
            torch.func.vmap(lambda y: model(y, y, y)[0])(x)
        else:
            torch.func.vmap(model)(x)


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@pytest.mark.parametrize(
    "scripted",
    [
        lambda: torch.jit.script(Fused()),
        lambda: torch.jit.trace(Fused(), X),
        lambda: torch.jit.script(ByHand()),
        lambda: torch.jit.script(nn.MultiheadAttention(16, 4)),
    ],
)
def test_torchscript_with_attention_is_refused_at_the_start(scripted):
    model = nn.Sequential(Fused(), scripted())
    with pytest.raises(NothingRecorded, match="'1' is TorchScript"), record_attention(model):
        raise AssertionError("the block must not be entered")


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_torchscript_without_attention_is_welcome():
    model = nn.Sequential(torch.jit.script(nn.Sequential(nn.Linear(16, 16), nn.Softmax(-1))), Fused())
    with record_attention(model) as maps:
        model(X)
    assert list(maps) == ["1"]


def test_data_parallel_over_several_devices_is_refused_at_the_start():
    model = nn.DataParallel(Fused())
    model.device_ids = [0, 1]
    with (
        pytest.raises(NothingRecorded, match=r"'DataParallel' .*Record its \.module"),
        record_attention(model),
    ):
        raise AssertionError("the block must not be entered")


def test_compiled_models_are_recorded_uncompiled():
    inner = nn.Sequential(Fused(), nn.Linear(16, 16))
    compiled = torch.compile(inner, backend="eager", fullgraph=True)
    expected = compiled(X)
    for model, name in ((compiled, "0"), (nn.Sequential(compiled), "0.0"), (inner, "0")):
        with record_attention(model) as maps:
            assert torch.equal(compiled(X), expected)
        assert list(maps) == [name]
    block = torch.compile(inner[0], backend="eager")
    for model, name in ((block, "Fused"), (nn.Sequential(block), "0")):
        with record_attention(model) as maps:
            block(X)
        assert list(maps) == [name]
    attend_compiled = torch.compile(attend, backend="eager")
    with record_attention(None) as maps:
        attend_compiled(X, X, X)
    assert list(maps) == ["(no module)"]


def test_the_end_of_an_inner_block_does_not_compile_the_outer():
    compiled = torch.compile(Fused(), backend="eager", fullgraph=True)
    with record_attention(compiled) as outer:
        with record_attention(compiled):
            compiled(X)
        compiled(X)
    assert len(outer.calls("Fused")) == 2


def test_flex_attention_that_nothing_was_compiled_before():
    program = (
        "import torch\n"
        "from torch.nn.attention.flex_attention import flex_attention\n"
        "from attnbook.recorder import NothingRecorded, record_attention\n"
        "x = torch.randn(1, 2, 5, 16)\n"
        "try:\n"
        "    with record_attention(None):\n"
        "        flex_attention(x, x, x)\n"
        "except NothingRecorded as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("cannot record flex_attention in '(no module)'"), done.stderr


def test_a_module_compiled_in_place_is_recorded():
    model = Fused()
    model.compile(backend="eager")
    with record_attention(model) as maps:
        model(X)
    assert list(maps) == ["Fused"]
