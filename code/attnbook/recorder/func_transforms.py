"""Tensors inside the transforms of `torch.func` (grad, vmap, jvp) are wrapped; what is kept must not be."""

from typing import Any

from torch import Tensor
from torch._C import _functorch


def in_transform() -> bool:
    """Tell whether a transform is running."""
    return _functorch.peek_interpreter_stack() is not None


def in_vmap(value: Any) -> bool:
    """Tell whether the value is a tensor that stands for one entry of a batch of torch.func.vmap."""
    return isinstance(value, Tensor) and _functorch.is_batchedtensor(value)


def outside_transforms(value: Any) -> Any:
    """Take a tensor out of the transforms; not out of vmap, where it is a batch that cannot leave."""
    while isinstance(value, Tensor) and _functorch.is_functorch_wrapped_tensor(value) and not in_vmap(value):
        value = _functorch.get_unwrapped(value)
    return value
