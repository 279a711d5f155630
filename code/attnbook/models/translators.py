"""Translators by name."""

from typing import Any

from attnbook.models.encoder_decoder import EncoderDecoder
from attnbook.models.fixed_vector import FixedVector
from attnbook.models.luong import Luong
from attnbook.models.rnnsearch import RNNSearch

_TRANSLATORS: dict[str, tuple[type[EncoderDecoder], dict[str, str]]] = {
    "fixed_vector": (FixedVector, {}),
    "rnnsearch": (RNNSearch, {}),
    "luong-dot": (Luong, {"score": "dot"}),
    "luong-general": (Luong, {"score": "general"}),
    "luong-concat": (Luong, {"score": "concat"}),
    "luong-location": (Luong, {"score": "location"}),
    "local-m": (Luong, {"window": "local-m"}),
    "local-p": (Luong, {"window": "local-p"}),
}
TRANSLATOR_NAMES = tuple(_TRANSLATORS)


def create_translator(name: str, source_size: int, target_size: int, **options: Any) -> EncoderDecoder:
    """Make a translator by its name.

    Args:
        name: one of `TRANSLATOR_NAMES`.
        source_size: number of source words.
        target_size: number of target words.
        options: of the model's class; none that the name decides.

    Returns:
        The translator, with random weights.

    Raises:
        ValueError: the name is not among them, the message lists them; an option that the name decides, or one that
            the model's class refuses.
        TypeError: an option that the model does not have.
    """
    if name not in _TRANSLATORS:
        raise ValueError(f"unknown translator {name!r}; allowed: {', '.join(TRANSLATOR_NAMES)}")
    make, decided = _TRANSLATORS[name]
    if clash := sorted(decided.keys() & options.keys()):
        raise ValueError(f"{name} decides the {clash[0]}; got {clash[0]}={options[clash[0]]!r}")
    return make(source_size, target_size, **decided, **options)
