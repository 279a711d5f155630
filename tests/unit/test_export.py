"""`attnbook export`: the kit's references are what PyTorch gives now; whole files or none; what is wrong is said."""

import json
import os
import runpy
from collections import namedtuple
from pathlib import Path

import pytest
import torch
from attnbook import cli
from attnbook.figures.export import export, flatten, load_function
from safetensors.torch import load_file
from torch import nn

REFERENCES = Path(__file__).parents[2] / "code" / "figures" / "tests" / "references"
MAKE = REFERENCES / "make.py"
LAYERS = [layer.__name__ for layer in runpy.run_path(str(MAKE))["LAYERS"]]
TWO_LENGTHS = [(torch.ones(2, 3),), (torch.ones(4, 3),)]


class Calls(nn.Module):
    """A module that computes what it is told to."""

    def __init__(self, compute):
        super().__init__()
        self.compute = compute

    def forward(self, *inputs):
        return self.compute(*inputs)


def read(folder):
    return load_file(folder / "weights.safetensors"), json.loads((folder / "reference.json").read_text())


def values(run, name="output"):
    return torch.tensor(run["outputs"][name]["values"]).view(run["outputs"][name]["shape"])


@pytest.mark.parametrize("layer", LAYERS)
def test_the_references_of_the_kit_are_what_pytorch_gives_now(layer, tmp_path):
    assert cli.main(["export", f"{MAKE}:{layer}", str(tmp_path / layer)]) == 0
    (weights, now), (old_weights, old) = read(tmp_path / layer), read(REFERENCES / layer)
    assert weights.keys() == old_weights.keys()
    for name, weight in weights.items():
        torch.testing.assert_close(old_weights[name], weight, rtol=0, atol=1e-6)
    assert [run.keys() for run in now["runs"]] == [run.keys() for run in old["runs"]]
    for run, old_run in zip(now["runs"], old["runs"], strict=True):
        tensors, old_tensors = ([*one["inputs"], *one["outputs"].values()] for one in (run, old_run))
        assert run["outputs"].keys() == old_run["outputs"].keys()
        assert [tensor["shape"] for tensor in tensors] == [tensor["shape"] for tensor in old_tensors]
        for tensor, old_tensor in zip(tensors, old_tensors, strict=True):
            assert tensor["values"] == pytest.approx(old_tensor["values"], rel=1e-6, abs=1e-6)


def test_every_folder_has_a_function_and_all_are_small():
    folders = {path.parent.name for path in REFERENCES.glob("*/reference.json")}
    of_figures = {path.stem.removeprefix("make_") for path in REFERENCES.glob("make_*.py")}
    assert folders - of_figures == set(LAYERS)
    assert sum(path.stat().st_size for layer in LAYERS for path in (REFERENCES / layer).iterdir()) < 400_000


def test_the_files_hold_weights_inputs_and_outputs_to_the_bit(tmp_path):
    model, inputs = nn.Linear(3, 2), [(torch.randn(2, 3),), (torch.randn(1, 3),)]
    export(model, inputs, tmp_path / "new", seed=7)
    weights, reference = read(tmp_path / "new")
    assert {name: tensor.dtype for name, tensor in weights.items()} == {"weight": torch.float32, "bias": torch.float32}
    assert all(weights[name].equal(parameter) for name, parameter in model.named_parameters())
    assert (reference["torch"], reference["seed"], reference["weights"]) == (torch.__version__, 7, "float32")
    for run, (given,) in zip(reference["runs"], inputs, strict=True):
        assert run["inputs"][0]["shape"] == list(given.shape)
        assert torch.tensor(run["inputs"][0]["values"]).equal(given.flatten())
        assert values(run).equal(model(given))
    export(model, inputs, tmp_path / "again", seed=7)
    for name in ("weights.safetensors", "reference.json"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "new" / name).read_bytes()


def test_evaluated_in_float32_and_the_model_stays_as_it_was(tmp_path):
    model = nn.Sequential(nn.Linear(3, 64), nn.Dropout(0.5), nn.BatchNorm1d(64)).double().train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    export(model, [(torch.ones(2, 3, dtype=torch.float64),), (torch.ones(5, 3),)], tmp_path, half=True)
    weights, reference = read(tmp_path)
    assert values(reference["runs"][0])[0].equal(values(reference["runs"][1])[4])  # nothing dropped
    assert weights["2.num_batches_tracked"].dtype == torch.float32
    assert model.training and all(tensor.equal(before[name]) for name, tensor in model.state_dict().items())


def test_half_rounds_the_weights_and_the_reference_is_of_the_rounded(tmp_path):
    model, given = nn.Linear(3, 2), torch.randn(2, 3)
    export(model, [(given,), (given[:1],)], tmp_path, half=True)
    weights, reference = read(tmp_path)
    assert all(weights[name].equal(tensor.half()) for name, tensor in model.state_dict().items())
    computed = nn.functional.linear(given, weights["weight"].float(), weights["bias"].float())
    torch.testing.assert_close(values(reference["runs"][0]), computed, rtol=0, atol=1e-6)
    assert not computed.equal(model(given)) and reference["weights"] == "float16"


def test_weights_that_are_shared_or_not_contiguous_are_stored_each_under_its_name(tmp_path):
    model = nn.ModuleDict({"one": nn.Linear(3, 3), "other": nn.Linear(3, 3)})
    model["other"].weight = model["one"].weight
    model["one"].bias.data = torch.arange(6.0)[::2]
    model.forward = lambda x: x
    export(model, TWO_LENGTHS, tmp_path)
    weights, _ = read(tmp_path)
    assert weights["one.weight"].equal(weights["other.weight"])
    assert weights["one.bias"].tolist() == [0, 2, 4]


def test_outputs_have_the_names_of_their_places():
    one, pair = torch.ones(1), namedtuple("Pair", "output weights")
    assert list(flatten(one)) == ["output"]
    assert list(flatten((one, (one, [one])))) == ["0", "1.0", "1.1.0"]
    assert list(flatten(pair(one, None))) == ["output"]
    assert list(flatten({"state": pair(one, one), "maps": (one,)})) == ["state.output", "state.weights", "maps.0"]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([], "two inputs of different lengths or sizes are needed; got []"),
        (TWO_LENGTHS[:1], "two inputs of different lengths or sizes are needed; got [[(2, 3)]]"),
        (TWO_LENGTHS[:1] * 3, "two inputs of different lengths or sizes are needed"),
        ([torch.ones(1), torch.ones(2)], "inputs must be a list of tuples of tensors; got list"),
        ([(), (torch.ones(2),)], "inputs must be a list of tuples of tensors"),
        ([("a",), ("bc",)], "inputs must be a list of tuples of tensors"),
        (None, "inputs must be a list of tuples of tensors; got NoneType: None"),
        ([(torch.tensor([1.0]),), (torch.tensor([1.0, torch.inf]),)], "inputs 1: 'input 0' is not finite"),
    ],
)
def test_inputs_that_prove_nothing_are_refused(inputs, message, tmp_path):
    with pytest.raises(ValueError) as error:
        export(Calls(lambda x: x), inputs, tmp_path / "new")
    assert message in str(error.value)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda x: {"good": x, "bad": x.new_tensor(1.0) / (len(x) - 4)}, "inputs 1: 'bad' is not finite"),
        (lambda x: (x, "text"), "output '1' must be a tensor, or tuples or dicts of them; got str"),
        (lambda x: {"loss": 0.5}, "output 'loss' must be a tensor, or tuples or dicts of them; got float"),
        (lambda x: None, "output '' must be a tensor, or tuples or dicts of them; got NoneType"),
        (lambda x: {"maps": []}, "output 'maps' holds no tensor"),
    ],
)
def test_outputs_that_cannot_be_compared_are_refused(compute, message, tmp_path):
    with pytest.raises(ValueError) as error:
        export(Calls(compute), TWO_LENGTHS, tmp_path / "new")
    assert message in str(error.value)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("buffer", "half", "message"),
    [
        (torch.tensor([1e5]), True, "weight 'buffer' does not fit into float16"),
        (torch.tensor([2**24 + 1]), False, "weight 'buffer' does not fit into float32"),
    ],
)
def test_a_weight_that_the_file_cannot_hold_is_refused(buffer, half, message, tmp_path):
    model = Calls(lambda x: x)
    model.register_buffer("buffer", buffer)
    with pytest.raises(ValueError, match=message):
        export(model, TWO_LENGTHS, tmp_path, half=half)


def test_a_write_that_fails_leaves_the_old_files_and_nothing_else(tmp_path, monkeypatch):
    export(nn.Linear(3, 2), TWO_LENGTHS, tmp_path)
    old = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(path, text, **options):
        path.write_bytes(text[:5].encode())
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="no space left"):
        export(nn.Linear(3, 2), TWO_LENGTHS, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == old


def test_the_files_may_be_read_by_whoever_may_read_new_files(tmp_path):
    (tmp_path / "plain").touch()
    export(nn.Linear(3, 2), TWO_LENGTHS, tmp_path)
    assert {oct(os.stat(path).st_mode) for path in tmp_path.iterdir()} == {oct(os.stat(tmp_path / "plain").st_mode)}


def test_a_function_is_found_in_a_module_and_in_a_file(tmp_path):
    assert load_function("attnbook.masks:causal_mask").__name__ == "causal_mask"
    assert load_function(f"{MAKE}:linear").__name__ == "linear"
