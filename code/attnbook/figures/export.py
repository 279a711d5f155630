"""Export a model for the page: its weights, and what PyTorch computes with them, to hold the page's own code to."""

import argparse
import copy
import importlib
import importlib.util
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from attnbook.extras import require


def load_function(target: str) -> Callable:
    """Find the function that `module:function` or `path/to/file.py:function` names.

    Args:
        target: The module or the file, a colon, and the function's name.

    Returns:
        The function.

    Raises:
        ImportError: There is no such module or file, or importing it fails.
        ValueError: The text has no such form, or the module has no function of that name.
    """
    source, colon, name = target.rpartition(":")
    if not colon or not source.strip(".") or (source[0] == "." and not source.endswith(".py")):
        raise ValueError(f"say module:function or file.py:function; got {target!r}")
    if source.endswith(".py"):
        if not Path(source).is_file():
            raise ImportError(f"cannot import {source}: there is no such file")
        spec = importlib.util.spec_from_file_location(source, source)
        module = sys.modules[source] = importlib.util.module_from_spec(spec)  # dataclasses look their module up there
        spec.loader.exec_module(module)
    else:
        try:
            module = importlib.import_module(source)
        except ModuleNotFoundError as error:
            raise ImportError(f"cannot import {source}: {error}") from error
    function = getattr(module, name, None)
    if not callable(function):
        own = {key: value for key, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__}
        there = sorted(key for key, value in own.items() if callable(value) and key[0] != "_")
        raise ValueError(f"{source} has no function {name!r}; it has: {', '.join(there) or 'none'}")
    return function


def export(
    model: nn.Module, inputs: Sequence[tuple[Tensor, ...]], directory: Path, *, half: bool = False, seed: int = 0
) -> None:
    """Write `weights.safetensors` and `reference.json`: PyTorch's outputs for each of the inputs.

    The model runs in eval mode, in float32 on the CPU; the model given stays as it is. Both files appear only when
    both are made, whole.

    Args:
        model: Any module whose outputs are tensors, or tuples, named tuples or dicts of them.
        inputs: At least two tuples of tensors, not all of the same shapes: code that works at one length may fail at
            another.
        directory: Where the files go; it is made when it is not there.
        half: Round the weights to float16, half the download; the reference is computed with the rounded weights.
        seed: Goes into the reference: what the model's random numbers came from.

    Raises:
        ImportError: safetensors is not installed.
        ValueError: The inputs are too few or too alike; the outputs are no tensors or not finite; a weight does not
            fit into the file's number format.
    """
    with require("figures"):
        from safetensors.torch import save

    check_inputs(inputs)
    model = copy.deepcopy(model).cpu().float().eval()
    weights = storable_weights(model, torch.float16 if half else torch.float32)
    with torch.no_grad():
        runs = [run_once(model, [in_single(tensor) for tensor in given], place) for place, given in enumerate(inputs)]
    reference = {"torch": torch.__version__, "seed": seed, "weights": "float16" if half else "float32", "runs": runs}
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory) as folder:
        parts = [Path(folder, "weights.safetensors"), Path(folder, "reference.json")]
        parts[0].write_bytes(save(weights))
        parts[1].write_text(json.dumps(reference) + "\n", encoding="utf-8")
        for part in parts:
            part.replace(directory / part.name)


def check_inputs(inputs: object) -> None:
    """Raise ValueError unless these are two or more tuples of tensors, with shapes that differ somewhere."""
    if not isinstance(inputs, list | tuple) or not all(
        isinstance(given, tuple) and given and all(isinstance(tensor, Tensor) for tensor in given) for given in inputs
    ):
        raise ValueError(f"inputs must be a list of tuples of tensors; got {type(inputs).__name__}: {inputs!r:.200}")
    shapes = [[tuple(tensor.shape) for tensor in given] for given in inputs]
    if all(shape == shapes[0] for shape in shapes):
        raise ValueError(f"two inputs of different lengths or sizes are needed; got {shapes}")


def storable_weights(model: nn.Module, dtype: torch.dtype) -> dict[str, Tensor]:
    """Copy the weights in the file's dtype, and give the model what the file holds.

    Args:
        model: Its floating weights are rounded to dtype in place.
        dtype: Of the floating weights; all others are stored in float32, which must hold them exactly.

    Returns:
        The state dict, contiguous; weights that share memory are stored each under its own name.

    Raises:
        ValueError: A weight does not fit.
    """
    weights = {}
    for name, weight in model.state_dict().items():
        stored = weight.to(dtype if weight.is_floating_point() else torch.float32)
        is_same = stored.isfinite() if weight.is_floating_point() else stored.to(weight.dtype)
        if not is_same.equal(weight.isfinite() if weight.is_floating_point() else weight):
            raise ValueError(f"weight {name!r} does not fit into {str(stored.dtype).removeprefix('torch.')}")
        weight.copy_(stored)
        weights[name] = stored.contiguous().clone()
    return weights


def in_single(tensor: Tensor) -> Tensor:
    """The tensor on the CPU, in float32 if it holds floating numbers."""
    return tensor.detach().cpu().float() if tensor.is_floating_point() else tensor.detach().cpu()


def run_once(model: nn.Module, given: Sequence[Tensor], place: int) -> dict:
    """Run the model and describe what went in and what came out.

    Args:
        model: In eval mode.
        given: The inputs.
        place: Which of the inputs this is, for messages.

    Returns:
        {"inputs": [tensor, …], "outputs": {name: tensor, …}}, each tensor as {"shape": […], "values": […]}.

    Raises:
        ValueError: An input or output is not finite, or an output is no tensor.
    """
    outputs = flatten(model(*given))
    named = {**{f"input {index}": tensor for index, tensor in enumerate(given)}, **outputs}
    for name, tensor in named.items():
        if not tensor.isfinite().all():
            raise ValueError(f"inputs {place}: {name!r} is not finite")
    return {
        "inputs": [describe(tensor) for tensor in given],
        "outputs": {name: describe(in_single(tensor)) for name, tensor in outputs.items()},
    }


def flatten(output: object, name: str = "") -> dict[str, Tensor]:
    """The tensors of an output by name: "output" for one alone, else such as "0", "weights" or "state.0".

    Args:
        output: A tensor, or tuples, named tuples, lists or mappings of tensors; None is left out.
        name: Of the output within a larger one.

    Returns:
        Name to tensor.

    Raises:
        ValueError: There is something else in it, or no tensor.
    """
    if isinstance(output, Tensor):
        return {name or "output": output}
    if isinstance(output, Mapping):
        parts = output.items()
    elif isinstance(output, tuple | list):
        parts = zip(getattr(output, "_fields", range(len(output))), output, strict=True)
    else:
        raise ValueError(f"output {name!r} must be a tensor, or tuples or dicts of them; got {type(output).__name__}")
    inner = [flatten(part, f"{name}.{key}".lstrip(".")) for key, part in parts if part is not None]
    tensors = {key: tensor for found in inner for key, tensor in found.items()}
    if not tensors:
        raise ValueError(f"output {name!r} holds no tensor")
    return tensors


def describe(tensor: Tensor) -> dict:
    """Shape and values for JSON; floating numbers in the fewest digits that give the same float32 back."""
    flat = tensor.flatten().numpy()
    values = [float(str(value)) for value in flat] if tensor.is_floating_point() else flat.tolist()
    return {"shape": list(tensor.shape), "values": values}


def run_export(options: argparse.Namespace, command: str) -> int:
    """Carry out `attnbook export`.

    Args:
        options: The parsed command line.
        command: The command line as it was typed; not used.

    Returns:
        The exit status 0.

    Raises:
        ValueError, ImportError: See `load_function` and `export`.
    """
    torch.manual_seed(options.seed)
    made = load_function(options.function)()
    if not isinstance(made, tuple) or len(made) != 2 or not isinstance(made[0], nn.Module):
        raise ValueError(f"{options.function} must return (model, inputs); got {made!r:.200}")
    export(*made, options.directory, half=options.half, seed=options.seed)
    return 0


def add_export(commands: argparse._SubParsersAction) -> None:
    """Add `export` to the command line's grammar."""
    parser = commands.add_parser(
        "export",
        help="export a model for a live figure",
        description="Write weights.safetensors, and reference.json with what PyTorch computes with them.",
    )
    parser.add_argument("function", metavar="MODULE:FUNCTION", help="or FILE.py:FUNCTION; it returns (model, inputs)")
    parser.add_argument("directory", type=Path, metavar="DIRECTORY", help="where the two files go")
    parser.add_argument("--seed", type=int, default=0, help="of torch's random numbers; default 0")
    parser.add_argument("--half", action="store_true", help="store the weights in float16")
    parser.set_defaults(run=run_export)
