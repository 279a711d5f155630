"""Multi-head attention (Vaswani et al. 2017, section 3.2.2; arXiv:1706.03762)."""

from typing import Self

import torch
from torch import Tensor, nn

from attnbook.attention import Attended, attend
from attnbook.checks import check_whole


class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each on its own projection of the input; their outputs are mixed by W_O.

    Self-attention when only the query is given, cross-attention otherwise. With fewer key-value heads than query
    heads, neighbouring query heads share keys and values: grouped-query attention (Ainslie et al. 2023,
    arXiv:2305.13245); with one key-value head, multi-query attention (Shazeer 2019, arXiv:1911.02150).

    Departures from `torch.nn.MultiheadAttention`: batch first always; True = may attend; weights per head and
    before dropout; the fused kernel runs unless weights are asked for; a query with no key allowed gets zeros
    (then W_O's bias), never NaN.

    Args:
        embed_dim: size of the query and of the output.
        num_heads: query heads; must divide embed_dim.
        num_kv_heads: key-value heads; must divide num_heads; num_heads when not given.
        kdim: size of the key; embed_dim when not given.
        vdim: size of the value; embed_dim when not given.
        dropout: probability that a weight is dropped in training.
        bias: whether the four projections have a bias.

    Raises:
        TypeError: a size that is no integer.
        ValueError: a size under 1, heads that do not divide, a dropout outside [0, 1].
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        *,
        num_kv_heads: int | None = None,
        kdim: int | None = None,
        vdim: int | None = None,
        dropout: float = 0.0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        num_kv_heads = num_heads if num_kv_heads is None else num_kv_heads
        kdim, vdim = embed_dim if kdim is None else kdim, embed_dim if vdim is None else vdim
        sizes = {"embed_dim": embed_dim, "num_heads": num_heads, "num_kv_heads": num_kv_heads}
        for name, size in {**sizes, "kdim": kdim, "vdim": vdim}.items():
            check_whole(name, size, 1)
        if embed_dim % num_heads:
            raise ValueError(f"num_heads must divide embed_dim; got {num_heads} heads for {embed_dim}")
        if num_heads % num_kv_heads:
            raise ValueError(f"num_kv_heads must divide num_heads; got {num_kv_heads} for {num_heads} heads")
        if not 0.0 <= dropout <= 1.0:
            raise ValueError(f"dropout must lie between 0 and 1; got {dropout}")
        self.embed_dim, self.num_heads, self.num_kv_heads, self.dropout = embed_dim, num_heads, num_kv_heads, dropout
        self.head_dim = embed_dim // num_heads
        kv_dim = num_kv_heads * self.head_dim
        self.query_projection = nn.Linear(embed_dim, embed_dim, bias=bias)
        self.key_projection = nn.Linear(kdim, kv_dim, bias=bias)
        self.value_projection = nn.Linear(vdim, kv_dim, bias=bias)
        self.output_projection = nn.Linear(embed_dim, embed_dim, bias=bias)
        for projection in (self.query_projection, self.key_projection, self.value_projection):
            nn.init.xavier_uniform_(projection.weight)
        for projection in self.children():
            if bias:
                nn.init.zeros_(projection.bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor | None = None,
        value: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        is_causal: bool = False,
        need_weights: bool = False,
    ) -> Attended:
        """Attend from every query to the keys.

        Args:
            query: (B, Lq, embed_dim).
            key: (B, Lk, kdim); the query itself when not given.
            value: (B, Lk, vdim); the key when not given.
            mask: bool, True = may attend: (Lq, Lk), or (B, Lq, Lk) for all heads alike, or (B, num_heads, Lq, Lk);
                sizes of 1 broadcast.
            is_causal: also forbid keys to the right of the query; aligned at the bottom right when Lq != Lk.
            need_weights: also return the weights.

        Returns:
            Attended(output (B, Lq, embed_dim), weights (B, num_heads, Lq, Lk) or None).

        Raises:
            ValueError: shapes that do not fit.
            TypeError: a mask that is not bool; inputs of another dtype than the layer's weights.
        """
        key = query if key is None else key
        value = key if value is None else value
        if not (isinstance(query, Tensor) and isinstance(key, Tensor) and isinstance(value, Tensor)):
            came = ", ".join(type(given).__name__ for given in (query, key, value))
            raise TypeError(f"query, key and value must be tensors; got {came}")
        if query.dim() != 3 or key.dim() != 3 or value.dim() != 3:
            came = ", ".join(str(tuple(tensor.shape)) for tensor in (query, key, value))
            raise ValueError(f"query, key and value must be (B, L, features); got {came}")
        try:
            heads = self._split(self.query_projection(query), self.num_heads)  # (B, H, Lq, head_dim)
            keys = self._split(self.key_projection(key), self.num_kv_heads)  # (B, Hkv, Lk, head_dim)
            values = self._split(self.value_projection(value), self.num_kv_heads)
        except RuntimeError:
            self._check_features(query, key, value)
            raise
        if self.num_kv_heads < self.num_heads:
            group = self.num_heads // self.num_kv_heads
            keys, values = keys.repeat_interleave(group, dim=1), values.repeat_interleave(group, dim=1)
        if isinstance(mask, Tensor) and mask.dim() == 3:
            mask = mask[:, None]  # (B, 1, Lq, Lk): the same for every head
        attended, weights = attend(
            heads,
            keys,
            values,
            mask,
            is_causal=is_causal,
            dropout_p=self.dropout if self.training else 0.0,
            need_weights=need_weights,
        )
        joined = attended.transpose(1, 2).flatten(2)  # (B, Lq, embed_dim)
        return Attended(self.output_projection(joined), weights)

    def extra_repr(self) -> str:
        """Show the heads beside the projections."""
        return f"num_heads={self.num_heads}, num_kv_heads={self.num_kv_heads}, dropout={self.dropout}"

    @classmethod
    def from_torch(cls, module: nn.MultiheadAttention) -> Self:
        """Copy the weights of a `torch.nn.MultiheadAttention`.

        Args:
            module: the torch module, batch first or not; ours is batch first either way.

        Returns:
            A MultiHeadAttention with the same function, dtype, device and training mode.

        Raises:
            TypeError: module is no nn.MultiheadAttention.
            ValueError: it has bias_k, bias_v or add_zero_attn, which are not of the paper.
        """
        if not isinstance(module, nn.MultiheadAttention):
            raise TypeError(f"expected a torch.nn.MultiheadAttention; got {type(module).__name__}")
        if module.bias_k is not None or module.add_zero_attn:
            raise ValueError("a torch module with add_bias_kv or add_zero_attn has no counterpart here")
        bias = module.in_proj_bias is not None
        ours = cls(
            module.embed_dim,
            module.num_heads,
            kdim=module.kdim,
            vdim=module.vdim,
            dropout=module.dropout,
            bias=bias,
        ).to(module.out_proj.weight)
        if module.in_proj_weight is None:
            weights = (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight)
        else:
            weights = module.in_proj_weight.chunk(3)
        with torch.no_grad():
            projections = (ours.query_projection, ours.key_projection, ours.value_projection)
            for projection, weight in zip(projections, weights, strict=True):
                projection.weight.copy_(weight)
            ours.output_projection.weight.copy_(module.out_proj.weight)
            if bias:
                for projection, bias_part in zip(projections, module.in_proj_bias.chunk(3), strict=True):
                    projection.bias.copy_(bias_part)
                ours.output_projection.bias.copy_(module.out_proj.bias)
        return ours.train(module.training)

    def _split(self, projected: Tensor, num_heads: int) -> Tensor:
        """Turn (B, L, H * head_dim) into (B, H, L, head_dim): view first, so that each head keeps its own features."""
        return projected.unflatten(2, (num_heads, self.head_dim)).transpose(1, 2)

    def _check_features(self, query: Tensor, key: Tensor, value: Tensor) -> None:
        for name, tensor in {"query": query, "key": key, "value": value}.items():
            projection = getattr(self, f"{name}_projection")
            if tensor.shape[-1] != projection.in_features:
                raise ValueError(f"{name} must have {projection.in_features} features; got {tuple(tensor.shape)}")
            if tensor.device != projection.weight.device:
                raise ValueError(f"{name} must be on {projection.weight.device}; got {tensor.device}")
            if tensor.dtype != projection.weight.dtype:
                raise TypeError(f"{name} must be {projection.weight.dtype}, as the layer's weights; got {tensor.dtype}")
