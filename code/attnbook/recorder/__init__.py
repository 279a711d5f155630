"""Record the attention of any torch model, by module name: `record_attention`."""

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.overrides import _pop_mode, _push_mode

from attnbook.recorder.listener import Listener
from attnbook.recorder.module_names import ModuleNames


class NothingRecorded(RuntimeError):
    """No attention was recorded, or not all that ran; the message says what was seen and what to do."""


class AttentionMaps(Mapping[str, Tensor]):
    """Attention weights by module name, in the order in which the modules first ran. Read-only."""

    def __init__(self) -> None:
        self._calls: dict[str, list[Tensor]] = {}

    def __getitem__(self, name: str) -> Tensor:
        """Return the map of the module's only call.

        Raises:
            KeyError: the module is not among the recorded ones, which the message names.
            ValueError: the module ran several times; then ask `calls`.
        """
        maps = self.calls(name)
        if len(maps) > 1:
            raise ValueError(f"{name!r} ran {len(maps)} times; maps.calls({name!r}) gives all its maps in order")
        return maps[0]

    def calls(self, name: str) -> list[Tensor]:
        """Return the maps of all calls of a module, in order.

        Raises:
            KeyError: the module is not among the recorded ones, which the message names.
        """
        if name not in self._calls:
            raise KeyError(f"no map of {name!r}; recorded: {', '.join(self._calls) or 'nothing yet'}")
        return list(self._calls[name])

    def __contains__(self, name: object) -> bool:
        return name in self._calls

    def __iter__(self) -> Iterator[str]:
        return iter(self._calls)

    def __len__(self) -> int:
        return len(self._calls)

    def __repr__(self) -> str:
        lines = (
            f"  {name}: {', '.join(str(tuple(weights.shape)) for weights in maps)}"
            for name, maps in self._calls.items()
        )
        return "\n".join((f"AttentionMaps of {len(self)} modules", *lines))


@contextmanager
def record_attention(model: nn.Module | None) -> Iterator[AttentionMaps]:
    """Record the attention weights of a model while the block runs: per head, before dropout, detached.

    Example::

        with record_attention(model) as maps:
            model(inputs)
        maps["encoder.layer.0.attention.self"]  # (B, H, Lq, Lk)

    Recorded are the layers of this library, `nn.MultiheadAttention` and the `nn.Transformer` family, every
    call of `F.scaled_dot_product_attention` (so Hugging Face and timm models as they come), and attention
    written by hand: a softmax over the last of at least three dimensions that then weighs values in a matrix
    product.

    The model's outputs, gradients and random numbers stay what they were, with one exception. In eval mode
    and without gradient torch has a faster kernel for `nn.TransformerEncoder` and `nn.MultiheadAttention`,
    which it does not use inside the block; outputs then agree to rounding, except at padded positions, where
    the kernel has zeros and torch's ordinary path has not.

    Code under `torch.compile` runs uncompiled while a block is open, in all threads. Only calls of the thread
    that opened the block are seen. What activation checkpointing computes twice is recorded once. Where the
    model itself holds the weights, the map is that tensor, not a copy: do not change it in place.

    Args:
        model: whose attention to record; None for every call in the block, named from the outermost module.

    Yields:
        The maps, to be read inside the block and after it: module name, as in `model.named_modules()`, to
        weights (B, H, Lq, Lk), with the leading sizes that the call had. The model itself goes by its class
        name. Rows sum to one, or are all zero where no key was allowed. The weights of fused calls in half
        precision come in float32.

    Raises:
        TypeError: model is neither a module nor None.
        NothingRecorded: at the start, for a model whose attention cannot be seen (TorchScript, `DataParallel`
            on several devices); at the end, when no attention or not all of it could be recorded. An error
            raised inside the block is passed on instead.
        RuntimeError: the block ends in another thread than it began in.
    """
    recording = _Recording(model)
    listener = _start_listening(recording)
    try:
        with _uncompiled():
            yield recording.maps
    finally:
        own_thread = _stop_listening(listener, recording)
    if not own_thread:
        raise RuntimeError("a recording must end in the thread that began it")
    recording.check_complete()


class _Recording:
    """One open block: it names what the listener hears."""

    def __init__(self, model: nn.Module | None) -> None:
        if not isinstance(model, nn.Module | None):
            raise TypeError(f"model must be a torch.nn.Module or None; got {type(model).__name__}")
        self.maps = AttentionMaps()
        self._misses: dict[str, list[str]] = {}
        self._model = getattr(model, "_orig_mod", model)  # inside what torch.compile wraps
        self._names = ModuleNames()
        if self._model is not None:
            _refuse_unseen(self._model)

    def record(self, weights: Tensor) -> None:
        name = self._names.of_running_module(self._model)
        if name is not None:
            self.maps._calls.setdefault(name, []).append(weights)

    def miss(self, what: str, remedy: str) -> None:
        name = self._names.of_running_module(self._model)
        if name is not None:
            self._misses.setdefault(remedy, []).append(f"{what} in {name!r}")

    def check_complete(self) -> None:
        if self._misses:
            seen = (f"{', '.join(dict.fromkeys(calls))} ({remedy})" for remedy, calls in self._misses.items())
            others = ", ".join(self.maps) or "none"
            raise NothingRecorded(f"cannot record {'; '.join(seen)}. Modules recorded besides: {others}")
        if not self.maps:
            where = "the block" if self._model is None else _describe(self._model)
            raise NothingRecorded(
                f"no attention ran in {where}, or none that can be seen. Call the model inside the block and "
                "in its thread. Seen are F.scaled_dot_product_attention, nn.MultiheadAttention, the layers "
                "of attnbook, and a softmax over the last of at least three dimensions that then weighs "
                "values in a matrix product; not seen are streaming_attend, TorchScript and custom kernels"
            )


def _describe(model: nn.Module) -> str:
    number = sum(1 for _ in model.modules())
    return f"{type(model).__name__} ({number} modules)" if number > 1 else type(model).__name__


def _refuse_unseen(model: nn.Module) -> None:
    for name, module in model.named_modules():
        name = name or type(model).__name__
        if isinstance(module, nn.DataParallel) and len(module.device_ids) > 1:
            raise NothingRecorded(
                f"{name!r} is a DataParallel and runs in threads that cannot be seen. Record its .module"
            )
        if isinstance(module, torch.jit.ScriptModule) and _scripted_attention(module):
            raise NothingRecorded(
                f"{name!r} is TorchScript, whose attention cannot be seen. Record the model it was made from"
            )


def _scripted_attention(module: torch.jit.ScriptModule) -> bool:
    graph = str(module.inlined_graph) if hasattr(module, "forward") else ""
    by_hand = "softmax" in graph and ("matmul" in graph or "bmm" in graph or "einsum" in graph)
    return by_hand or "attention" in graph or "transformer_encoder" in graph


_thread = threading.local()


def _start_listening(recording: _Recording) -> Listener:
    """Let the thread's listener, made when there is none, hear for one more recording."""
    listener = getattr(_thread, "listener", None)
    if listener is None:
        listener = _thread.listener = Listener()
        _push_mode(listener)
    listener.hearers.append(recording)
    return listener


def _stop_listening(listener: Listener, recording: _Recording) -> bool:
    """Undo `_start_listening`; blocks, and modes of others, may end in any order (generators).

    Returns:
        Whether this is the thread that began listening; no other can undo it.
    """
    listener.hearers.remove(recording)
    if getattr(_thread, "listener", None) is not listener:
        return False
    if listener.hearers:
        return True
    above = []
    while (mode := _pop_mode()) is not listener:
        above.append(mode)
    for mode in reversed(above):
        _push_mode(mode)
    _thread.listener = None
    return True


class _Uncompiled:
    """Lets compiled code run as written. Torch's switch is process-wide: the last block puts it back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open_blocks = 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Switch while the block runs."""
        if not sys.modules.keys() & {"torch._dynamo", "torch.nn.attention.flex_attention"}:
            yield  # nothing can have been compiled yet, and loading the compiler would take a second
            return
        with self._lock:
            if self._open_blocks == 0:
                self._stance = torch.compiler.set_stance("force_eager")
            self._open_blocks += 1
        try:
            yield
        finally:
            with self._lock:
                self._open_blocks -= 1
                if self._open_blocks == 0:
                    self._stance.__exit__(None, None, None)


_uncompiled = _Uncompiled()
