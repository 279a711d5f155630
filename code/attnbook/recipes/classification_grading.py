"""How good a classifier is: its labels, and where the truth is known, what it attends to; and simple baselines."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from attnbook.data.text_batching import DocumentBuckets, TextBuckets, make_document_batch, make_text_batch
from attnbook.data.vocabulary import Vocabulary
from attnbook.extras import require
from attnbook.metrics.rationales import average_precision
from attnbook.models.classifiers import Classifier
from attnbook.models.hierarchical_attention import HierarchicalAttention
from attnbook.recipes.text_corpora import Example, TextCorpus, encode_examples

with require("train"):
    from sklearn.dummy import DummyClassifier
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.metrics import accuracy_score, f1_score
    from sklearn.naive_bayes import MultinomialNB

BATCH_SIZE = 64
DRAWS = 20
"""Of random weights, whose mean grade is chance."""


class Weighed(NamedTuple):
    """What attention, or anything in its place, puts on an example."""

    words: Tensor
    """(words,), sentence after sentence, summing to one."""
    sentences: Tensor
    """(sentences,), likewise."""


def read_examples(
    model: Classifier, vocabulary: Vocabulary, examples: Sequence[Example]
) -> tuple[Tensor, list[Weighed] | None]:
    """Classify examples.

    Args:
        model: in evaluation mode.
        vocabulary: that it was trained with.
        examples: to read.

    Returns:
        The probabilities of the classes (examples, classes), and what each example's words weigh; None for a model
        without weights. A word of a document weighs what it does in its sentence times what the sentence weighs; a
        sentence of a flat text what its words do together.
    """
    documents, device = isinstance(model, HierarchicalAttention), model.output.weight.device
    items = encode_examples(examples, vocabulary, documents=documents)
    buckets = (DocumentBuckets if documents else TextBuckets)(items, BATCH_SIZE, shuffle=False)
    probabilities, weighed = {}, {}
    for rows in buckets:
        batch = (make_document_batch if documents else make_text_batch)([items[row] for row in rows])
        with torch.no_grad():
            logits, *weights = model(batch.words.to(device), batch.lengths, need_weights=True)
        probabilities |= zip(rows, logits.softmax(-1).cpu(), strict=True)
        if weights[0] is not None:
            each = zip(*(tensor.cpu() for tensor in weights), strict=True)
            weighed |= {row: _weighed(examples[row], *found) for row, found in zip(rows, each, strict=True)}
    places = range(len(examples))
    together = torch.stack([probabilities[place] for place in places])
    return together, [weighed[place] for place in places] if weighed else None


def grade_accuracy(model: Classifier, vocabulary: Vocabulary, examples: Sequence[Example]) -> dict[str, float]:
    """Accuracy, and the mean over the classes of their F1."""
    return _grade_labels(examples, read_examples(model, vocabulary, examples)[0].argmax(-1).tolist())


def grade_classifier(model: Classifier, corpus: TextCorpus) -> dict[str, float]:
    """Grade a classifier on each test split.

    Args:
        model: in evaluation mode.
        corpus: that it learned from.

    Returns:
        accuracy and macro_f1; with known decisive words, what `grade_attention` returns. Names end in the name of
        the test split.
    """
    grades = {}
    for name, examples in corpus.tests.items():
        probabilities, weighed = read_examples(model, corpus.vocabulary, examples)
        found = _grade_labels(examples, probabilities.argmax(-1).tolist())
        if weighed is not None:
            found |= grade_attention(examples, weighed)
        grades |= {f"{grade}{name}": value for grade, value in found.items()}
    return grades


def grade_together(models: Sequence[Classifier], corpus: TextCorpus) -> dict[str, float]:
    """Let classifiers decide together, by the mean of their probabilities.

    Args:
        models: in evaluation mode.
        corpus: that all of them learned from.

    Returns:
        accuracy and macro_f1; names end in the name of the test split.
    """
    grades = {}
    for name, examples in corpus.tests.items():
        each = torch.stack([read_examples(model, corpus.vocabulary, examples)[0] for model in models])
        found = _grade_labels(examples, each.mean(0).argmax(-1).tolist())
        grades |= {f"{grade}{name}": value for grade, value in found.items()}
    return grades


def grade_attention(examples: Sequence[Example], weighed: Sequence[Weighed]) -> dict[str, float]:
    """Compare weights with what decides, as far as that is known; means over the examples.

    Args:
        examples: that were read.
        weighed: what each word and sentence weighs.

    Returns:
        Of words: weight_on_decisive_words, their share of the weight; average_precision of the words' ranking. Of
        documents besides: weight_on_deciding_sentences; heaviest_sentence_decides, how often; and
        average_precision_in_deciding_sentences, of the ranking of their words alone.
    """
    if examples[0].decisive is None:
        return {}
    decisive = [torch.tensor(example.decisive) for example in examples]
    words = [each.words for each in weighed]
    grades = {
        "weight_on_decisive_words": _share(words, decisive),
        "average_precision": _precision(words, decisive, [torch.ones_like(marks) for marks in decisive]),
    }
    if examples[0].deciding is not None:
        deciding = [torch.tensor(example.deciding) for example in examples]
        sentences = [each.sentences for each in weighed]
        heaviest = [bool(marks[weights.argmax()]) for weights, marks in zip(sentences, deciding, strict=True)]
        inside = [
            marks.repeat_interleave(torch.tensor(list(map(len, example.sentences))))
            for marks, example in zip(deciding, examples, strict=True)
        ]
        grades["weight_on_deciding_sentences"] = _share(sentences, deciding)
        grades["heaviest_sentence_decides"] = sum(heaviest) / len(heaviest)
        grades["average_precision_in_deciding_sentences"] = _precision(words, decisive, inside)
    return grades


def grade_baselines(corpus: TextCorpus) -> dict[str, float]:
    """What is reached without the classifier, on each test split.

    Args:
        corpus: to learn from and be graded on.

    Returns:
        accuracy and macro_f1 of the most frequent label, "_majority", and of multinomial naive Bayes on counts of
        words, "_naive_bayes"; accuracy of who knows each sentence's tone and takes that of most, "_majority_tone",
        a tie being half right; and what random weights get where attention is graded, "_chance".
    """
    counter = CountVectorizer(analyzer=lambda example: example.words)
    seen, labels = counter.fit_transform(corpus.train), [example.label for example in corpus.train]
    models = {"majority": DummyClassifier(strategy="most_frequent"), "naive_bayes": MultinomialNB()}
    grades = {}
    for kind, model in models.items():
        model.fit(seen, labels)
        for name, examples in corpus.tests.items():
            found = _grade_labels(examples, model.predict(counter.transform(examples)))
            grades |= {f"{grade}_{kind}{name}": value for grade, value in found.items()}
    for name, examples in corpus.tests.items():
        if examples[0].tones is not None:
            grades[f"accuracy_majority_tone{name}"] = _grade_tones(examples)
        grades |= {f"{grade}_chance{name}": value for grade, value in _grade_chance(examples).items()}
    return grades


def _weighed(example: Example, weights: Tensor, sentence_weights: Tensor | None = None) -> Weighed:
    lengths = [len(sentence) for sentence in example.sentences]
    if sentence_weights is None:
        words = weights[: sum(lengths)]
        return Weighed(words, torch.stack([part.sum() for part in words.split(lengths)]))
    sentences = sentence_weights[: len(lengths)]
    parts = zip(weights, lengths, sentences, strict=False)
    return Weighed(torch.cat([row[:length] * weight for row, length, weight in parts]), sentences)


def _grade_labels(examples: Sequence[Example], labels: Sequence[int]) -> dict[str, float]:
    truth = [example.label for example in examples]
    return {
        "accuracy": float(accuracy_score(truth, labels)),
        "macro_f1": float(f1_score(truth, labels, average="macro", zero_division=0.0)),
    }


def _grade_tones(examples: Sequence[Example]) -> float:
    right = 0.0
    for example in examples:
        same = sum(tone == example.label for tone in example.tones)
        right += (2 * same > len(example.tones)) + (2 * same == len(example.tones)) / 2
    return right / len(examples)


def _grade_chance(examples: Sequence[Example]) -> Mapping[str, float]:
    """Grades of random weights: uniform on average, and in random order."""
    random = torch.Generator().manual_seed(0)
    draws = []
    for _ in range(DRAWS):
        drawn = [
            Weighed(*(_random_weights(count, random) for count in (len(example.words), len(example.sentences))))
            for example in examples
        ]
        draws.append(grade_attention(examples, drawn))
    return {name: sum(draw[name] for draw in draws) / DRAWS for name in draws[0]}


def _random_weights(count: int, random: torch.Generator) -> Tensor:
    weights = torch.rand(count, generator=random)
    return weights / weights.sum()


def _share(weights: Sequence[Tensor], marks: Sequence[Tensor]) -> float:
    return sum(float(row[marked].sum()) for row, marked in zip(weights, marks, strict=True)) / len(weights)


def _precision(scores: Sequence[Tensor], marks: Sequence[Tensor], inside: Sequence[Tensor]) -> float:
    found = average_precision(*(pad_sequence(part, batch_first=True) for part in (scores, marks, inside)))
    return float(found.nanmean())
