"""Classifiers of texts by name."""

from typing import Any

from attnbook.models.attention_classifier import AttentionClassifier
from attnbook.models.hierarchical_attention import HierarchicalAttention

Classifier = AttentionClassifier | HierarchicalAttention

_CLASSIFIERS: dict[str, tuple[type[Classifier], dict[str, str]]] = {
    "dp": (AttentionClassifier, {}),
    "dp-l": (AttentionClassifier, {"cell": "lstm"}),
    "additive": (AttentionClassifier, {"score": "additive"}),
    "additive-l": (AttentionClassifier, {"score": "additive", "cell": "lstm"}),
    "average": (AttentionClassifier, {"pooling": "average"}),
    "average-l": (AttentionClassifier, {"pooling": "average", "cell": "lstm"}),
    "last-l": (AttentionClassifier, {"pooling": "last", "cell": "lstm"}),
    "gru": (AttentionClassifier, {"pooling": "last", "cell": "gru"}),
    "gru-attention": (AttentionClassifier, {"score": "additive", "cell": "gru"}),
    "han": (HierarchicalAttention, {"pooling": "attention"}),
    "han-average": (HierarchicalAttention, {"pooling": "average"}),
    "han-maximum": (HierarchicalAttention, {"pooling": "maximum"}),
}
CLASSIFIER_NAMES = tuple(_CLASSIFIERS)


def create_classifier(name: str, vocabulary_size: int, num_classes: int = 2, **options: Any) -> Classifier:
    """Make a classifier by its name.

    Args:
        name: one of `CLASSIFIER_NAMES`.
        vocabulary_size: number of word ids.
        num_classes: 2 or more.
        options: of the model's class, its sizes among them; none that the name decides.

    Returns:
        The classifier, with random weights.

    Raises:
        ValueError: the name is not among them, the message lists them; an option that the name decides, or one that
            the model's class refuses.
        TypeError: an option that the model does not have.
    """
    make = _find(name)
    decided = _CLASSIFIERS[name][1]
    if clash := sorted(decided.keys() & options.keys()):
        raise ValueError(f"{name} decides the {clash[0]}; got {clash[0]}={options[clash[0]]!r}")
    return make(vocabulary_size, num_classes, **decided, **options)


def reads_documents(name: str) -> bool:
    """Whether a classifier reads documents of sentences; the others read texts of words.

    Raises:
        ValueError: the name is unknown; the message lists those there are.
    """
    return _find(name) is HierarchicalAttention


def _find(name: str) -> type[Classifier]:
    if name not in _CLASSIFIERS:
        raise ValueError(f"unknown classifier {name!r}; allowed: {', '.join(CLASSIFIER_NAMES)}")
    return _CLASSIFIERS[name][0]
