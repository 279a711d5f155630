"""Attention written by hand: a softmax over the keys, followed until it weighs the values.

A softmax alone is no attention: classifiers and routers have one too. What makes it attention is that its
last dimension, the keys, is summed over against the values, with one row of weights per query.
"""

import weakref
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from attnbook.recorder.func_transforms import in_vmap, outside_transforms


@dataclass(frozen=True)
class _Trail:
    weights: Tensor
    """(..., Lq, Lk) as the softmax, or a mask behind it, left them; never dropped out."""
    keys_dim: int = -1
    """Where the keys are in the tensor that is followed: -1, or -2 once it was transposed."""
    dropped: bool = False
    """A dropout lies behind, so later changes of the tensor are no longer changes of the weights alone."""


class SoftmaxTrails:
    """Follows softmax outputs through dropout, casts, masks and reshapes; keeps none alive by itself."""

    def __init__(self) -> None:
        self._trails: dict[int, tuple[weakref.ref[Tensor], _Trail]] = {}

    def __bool__(self) -> bool:
        return bool(self._trails)

    def forget(self, tensor: Tensor) -> None:
        """Stop following a tensor."""
        self._trails.pop(id(tensor), None)

    def begin(self, args: tuple, kwargs: dict[str, Any], output: Tensor) -> None:
        """Follow the output of a softmax over the last of at least three dimensions."""
        scores = args[0] if args else kwargs["input"]
        dim = kwargs.get("dim", args[1] if len(args) > 1 else None)
        if output.dim() >= 3 and dim in (-1, output.dim() - 1):
            self._put(output, _Trail(zero_empty_rows(output, scores)))

    def follow(self, func: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Call a function that may carry a followed tensor on, and follow its result."""
        source = next((x for x in (*args[:3], kwargs.get("input")) if self._get(x) is not None), None)
        trail = self._get(source)
        if trail is None:
            return func(*args, **kwargs)
        if func in _DROPOUTS:
            if kwargs.get("inplace") or func is torch.dropout_:
                trail = replace(trail, weights=trail.weights.clone())
            trail = replace(trail, dropped=True)
        sizes = source.shape
        output = func(*args, **kwargs)
        if func in _CHANGES:
            factors = [x for x in (*args, *kwargs.values()) if isinstance(x, Tensor) and x is not source]
            trail = _changed(trail, sizes, factors, output)
        elif func in _TRANSPOSES:
            trail = _transposed(trail, func, args, kwargs, len(sizes))
        elif output.dim() < 3 or output.shape[-2:] != sizes[-2:]:
            trail = None
        if trail is None:
            self.forget(output)
        else:
            self._put(output, trail)
        return output

    def weights_in_product(self, func: Any, args: tuple, kwargs: dict[str, Any]) -> Tensor | None:
        """Return the weights that a matrix product applies to its values, if it does; each only once."""
        if func is torch.einsum:
            operand = self._einsum_weights(args)
        else:
            left = args[0] if args else kwargs.get("input", kwargs.get("self"))
            right = args[1] if len(args) > 1 else kwargs.get("other", kwargs.get("mat2"))
            operand = next((x for x, dim in ((left, -1), (right, -2)) if self._keys_dim(x) == dim), None)
        trail = self._get(operand)
        if trail is None:
            return None
        same = [key for key, (_, other) in self._trails.items() if other.weights is trail.weights]
        for key in same:
            del self._trails[key]
        return trail.weights

    def _einsum_weights(self, args: tuple) -> Tensor | None:
        equation, *operands = args
        if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
            operands = operands[0]
        inputs, arrow, result = equation.replace(" ", "").partition("->")
        terms = inputs.split(",")
        if not arrow:
            result = "".join(letter for letter in inputs if inputs.count(letter) == 1)
        for position, (term, operand) in enumerate(zip(terms, operands, strict=False)):
            dim = self._keys_dim(operand)
            if dim is None or len(term) < 2:
                continue
            keys, queries = term[dim], term[-3 - dim]
            values = "".join(terms[:position] + terms[position + 1 :])
            if keys in values and keys not in result and queries in result and queries not in values:
                return operand
        return None

    def _put(self, tensor: Tensor, trail: _Trail) -> None:
        key = id(tensor)

        def remove(reference: weakref.ref) -> None:
            if self._trails.get(key, _NONE)[0] is reference:
                del self._trails[key]

        self._trails[key] = weakref.ref(tensor, remove), trail

    def _get(self, tensor: Any) -> _Trail | None:
        return self._trails.get(id(tensor), _NONE)[1]

    def _keys_dim(self, tensor: Any) -> int | None:
        trail = self._get(tensor)
        return None if trail is None else trail.keys_dim


def zero_empty_rows(weights: Tensor, scores: Tensor) -> Tensor:
    """Zero the rows that are NaN because no key was allowed, all scores being -inf; leave any other NaN."""
    weights, scores = outside_transforms(weights.detach()), outside_transforms(scores.detach())
    if in_vmap(weights) or weights.is_meta or not weights.shape[-1] or not weights[..., 0].isnan().any():
        return weights
    return weights.masked_fill((scores == -torch.inf).all(-1, keepdim=True), 0)


def _changed(trail: _Trail, sizes: torch.Size, factors: list[Tensor], output: Tensor) -> _Trail | None:
    """Take the masked, rescaled or sliced weights over, unless a dropout or a gate of features is in them."""
    if output.dim() != len(sizes) or output.shape[-2] != sizes[-2]:
        return None
    if any(factor.numel() >= output.numel() and not _is_mask(factor) for factor in factors):
        return None
    return trail if trail.dropped else replace(trail, weights=output.detach())


def _is_mask(factor: Tensor) -> bool:
    if factor.dtype == torch.bool or factor.is_meta or in_vmap(factor):
        return factor.dtype == torch.bool
    return bool(((factor == 0) | (factor == 1)).all())


def _transposed(trail: _Trail, func: Any, args: tuple, kwargs: dict[str, Any], num_dims: int) -> _Trail | None:
    order = list(range(num_dims))
    given = [value for value in (*args, *kwargs.values()) if not isinstance(value, Tensor)]
    given = given[0] if given and isinstance(given[0], (list, tuple)) else given
    if func == _MATRIX_TRANSPOSE:
        order[-2:] = order[:-3:-1]
    elif func in (torch.permute, Tensor.permute):
        order = [dim % num_dims for dim in given]
    else:
        first, second = given
        order[first], order[second] = order[second], order[first]
    keys_dim = order.index(num_dims + trail.keys_dim) - num_dims
    return replace(trail, keys_dim=keys_dim) if keys_dim in (-1, -2) else None


_NONE = (None, None)
_MATRIX_TRANSPOSE = Tensor.mT.__get__
_DROPOUTS = {F.dropout, torch.dropout, torch.dropout_}
_CHANGES = {
    *(Tensor.mul, torch.mul, Tensor.div, torch.div, Tensor.masked_fill, torch.masked_fill),
    *(Tensor.nan_to_num, torch.nan_to_num, Tensor.where, torch.where, Tensor.__getitem__),
}
_TRANSPOSES = {torch.transpose, Tensor.transpose, torch.permute, Tensor.permute, _MATRIX_TRANSPOSE}
_UNCHANGED = {
    *(Tensor.to, Tensor.type, Tensor.type_as, Tensor.half, Tensor.bfloat16, Tensor.float, Tensor.double),
    *(Tensor.contiguous, Tensor.clone, torch.clone, Tensor.view, Tensor.reshape, torch.reshape),
    *(Tensor.flatten, torch.flatten, Tensor.unflatten, torch.unflatten),
}
SOFTMAXES = {F.softmax, torch.softmax, Tensor.softmax, torch.special.softmax}
CARRIERS = _DROPOUTS | _CHANGES | _TRANSPOSES | _UNCHANGED
PRODUCTS = {torch.matmul, Tensor.matmul, torch.bmm, Tensor.bmm, torch.einsum}
