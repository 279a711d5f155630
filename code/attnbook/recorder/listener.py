"""What `record_attention` hears: a torch-function mode that recognises attention among a thread's calls.

Every function is called first, with the caller's own arguments, so that outputs, gradients and the random
numbers of dropout stay what they were. The weights are computed afterwards, without gradient.
"""

from contextlib import AbstractContextManager, nullcontext
from types import FunctionType
from typing import Any, Protocol

import torch
from torch import Tensor
from torch._ops import HigherOrderOperator, OpOverload, OpOverloadPacket
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from attnbook.attention import expose
from attnbook.recorder.func_transforms import in_transform, in_vmap, outside_transforms
from attnbook.recorder.softmax_trail import CARRIERS, PRODUCTS, SOFTMAXES, SoftmaxTrails, zero_empty_rows
from attnbook.streaming import streaming_attend


class Hearer(Protocol):
    """Who wants to know."""

    def record(self, weights: Tensor) -> None:
        """Take the weights of the attention that has just run."""

    def miss(self, what: str, remedy: str) -> None:
        """Learn that an attention ran whose weights cannot be had, and what to do about it."""


class Listener(TorchFunctionMode):
    """Recognises attention for all hearers of one thread; each map is computed once."""

    def __init__(self) -> None:
        super().__init__()
        self.hearers: list[Hearer] = []
        self._trails = SoftmaxTrails()

    def __torch_function__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        """Call the function, and hear what it was.

        A backward pass is one such call, and nothing is heard inside a call: what activation checkpointing
        computes again there is not heard twice.
        """
        kwargs = kwargs or {}
        hear = _HEARD.get(func)
        if hear is None and self._trails:
            hear = _FOLLOWED.get(func)
        if hear is None and isinstance(func, _OPERATORS) and _is_attention(str(func)):
            hear = Listener._kernel
        if hear is None or not self.hearers:
            return func(*args, **kwargs)
        return hear(self, func, args, kwargs)

    def _fused(self, func: Any, args: tuple, kwargs: dict) -> Tensor:
        output = func(*args, **kwargs)
        self._record(self._fused_weights(output, args, kwargs))
        return output

    def _fused_weights(self, output: Tensor, args: tuple, kwargs: dict) -> Tensor | None:
        if output.is_nested:
            self._miss("attention of nested tensors", "give padded tensors and a mask")
            return None
        if in_transform():
            args = tuple(map(outside_transforms, args))
            kwargs = {name: outside_transforms(value) for name, value in kwargs.items()}
            if any(in_vmap(value) for value in (*args, *kwargs.values())):
                self._miss(*_INSIDE_VMAP)
                return None
        return fused_weights(*args, **kwargs)

    def _exposed(self, func: Any, args: tuple, kwargs: dict) -> Tensor:
        weights = func(*args, **kwargs)
        self._trails.forget(weights)
        self._record(weights)
        return weights

    def _multi_head(self, func: Any, args: tuple, kwargs: dict) -> Any:
        num_heads, batched = args[4], args[0].dim() == 3

        def record(weights: Tensor | None) -> None:
            if weights is not None and weights.dim() == 3:
                weights = weights.unflatten(0, (-1, num_heads))  # (B, H, Lq, Lk)
            self._record(weights if weights is None or batched else weights[0])

        def fused(*args: Any, **kwargs: Any) -> Tensor:
            output = F.scaled_dot_product_attention(*args, **kwargs)
            record(self._fused_weights(output, args, kwargs))
            return output

        def softmax(scores: Tensor, dim: int) -> Tensor:
            weights = F.softmax(scores, dim)
            record(zero_empty_rows(weights, scores))
            return weights

        # Torch's function is one opaque call; a copy of it, with these for its attention, gives the weights.
        inside = {"scaled_dot_product_attention": fused, "softmax": softmax}
        names = {**func.__globals__, **inside, "has_torch_function": lambda _: False}
        copied = FunctionType(func.__code__, names, func.__name__, func.__defaults__, func.__closure__)
        copied.__kwdefaults__ = func.__kwdefaults__
        return copied(*args, **kwargs)

    def _softmax(self, func: Any, args: tuple, kwargs: dict) -> Tensor:
        output = func(*args, **kwargs)
        self._trails.begin(args, kwargs, output)
        return output

    def _carrier(self, func: Any, args: tuple, kwargs: dict) -> Any:
        return self._trails.follow(func, args, kwargs)

    def _product(self, func: Any, args: tuple, kwargs: dict) -> Tensor:
        output = func(*args, **kwargs)
        self._record(self._trails.weights_in_product(func, args, kwargs))
        return output

    def _kernel(self, func: Any, args: tuple, kwargs: dict) -> Any:
        output = func(*args, **kwargs)
        self._miss(str(func) if isinstance(func, _OPERATORS) else func.__name__, _HOLDS_NONE)
        return output

    def _record(self, weights: Tensor | None) -> None:
        if weights is None:
            return
        weights = outside_transforms(weights.detach())
        if in_vmap(weights):
            self._miss(*_INSIDE_VMAP)
            return
        for hearer in self.hearers:
            hearer.record(weights)

    def _miss(self, what: str, remedy: str) -> None:
        for hearer in self.hearers:
            hearer.miss(what, remedy)


@torch.no_grad()
def fused_weights(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Compute the weights that `F.scaled_dot_product_attention` uses and never holds, with its own arguments.

    Half precision is computed, and returned, in float32. Torch's causal mask is aligned at the top left.

    Returns:
        (..., Lq, Lk), before dropout; a row with no key allowed is zero, as in torch's fused kernels.
    """
    precise = torch.promote_types(query.dtype, torch.float32)
    with _no_autocast(query.device.type):
        if enable_gqa:
            key = key.repeat_interleave(query.shape[-3] // key.shape[-3], dim=-3)
        scale = max(query.shape[-1], 1) ** -0.5 if scale is None else scale
        scores = (query.to(precise) * scale) @ key.to(precise).transpose(-2, -1)  # (..., Lq, Lk)
        masks = [] if attn_mask is None else [_plain_mask(attn_mask)]
        if is_causal:
            masks.append(torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril())
        for mask in masks:
            scores = scores.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else scores + mask
        if not masks:
            return torch.softmax(scores, -1, out=scores)  # in place: half the memory
        return zero_empty_rows(scores.softmax(-1), scores)


def _no_autocast(device: str) -> AbstractContextManager:
    if torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device):
        return torch.autocast(device, enabled=False)
    return nullcontext()


def _plain_mask(mask: Tensor) -> Tensor:
    # A torch.nn.attention.bias.CausalBias has no entries yet; importing its class would load the compiler.
    return mask._materialize(mask.device) if hasattr(mask, "_materialize") else mask


def _is_attention(operator: str) -> bool:
    return any(word in operator for word in ("attention", "attn", "fmha")) and "backward" not in operator


_HOLDS_NONE = "it never holds weights; switch to F.scaled_dot_product_attention, in Hugging Face models with "
_HOLDS_NONE += 'attn_implementation="sdpa"'
_INSIDE_VMAP = "attention inside torch.func.vmap", "call it on a batch"
_OPERATORS = (OpOverload, OpOverloadPacket, HigherOrderOperator)
_SDPA = torch.ops.aten.scaled_dot_product_attention
_FOLLOWED = {**dict.fromkeys(CARRIERS, Listener._carrier), **dict.fromkeys(PRODUCTS, Listener._product)}
_HEARD = {
    **dict.fromkeys(SOFTMAXES, Listener._softmax),
    **dict.fromkeys((F.scaled_dot_product_attention, _SDPA, _SDPA.default), Listener._fused),
    torch._native_multi_head_attention: Listener._kernel,
    torch._transformer_encoder_layer_fwd: Listener._kernel,
    F.multi_head_attention_forward: Listener._multi_head,
    expose: Listener._exposed,
    streaming_attend: Listener._kernel,
}
