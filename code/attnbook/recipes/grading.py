"""How good a translator is: its translations against references, its attention against gold alignments."""

import math
from collections.abc import Iterator, Sequence
from itertools import chain

import torch
from torch import Tensor

from attnbook.data.batching import Batch, EncodedPair, make_batch, pad
from attnbook.data.vocabulary import END
from attnbook.metrics.alignment import Link, alignment_error_rate, diagonal_links, links_from_weights
from attnbook.metrics.ibm_model1 import IBMModel1
from attnbook.metrics.translation import bleu, chrf, exact_match
from attnbook.models.encoder_decoder import EncoderDecoder, evaluating, translation_loss
from attnbook.models.fixed_vector import FixedVector
from attnbook.models.search import search
from attnbook.models.source_weights import forced_weights, weight_on_padding, without_source_mask
from attnbook.recipes.corpora import Aligned, Corpus, Sentences, Words, encode_words, to_text
from attnbook.recipes.trained import Trained

BATCH_SIZE = 64


def translate(model: EncoderDecoder, sources: Sequence[Sequence[int]], *, beam_size: int = 1) -> list[list[int]]:
    """Translate sentences, in batches as they come, by greedy search or with a beam.

    Args:
        model: a translator.
        sources: ids of each sentence, without </s>.
        beam_size: 1 is greedy search.

    Returns:
        Ids of each translation, with its </s> unless it was cut off at 10 words more than half as long again as the
        longest source of its batch.
    """
    device = next(model.parameters()).device
    translations = []
    for start in range(0, len(sources), BATCH_SIZE):
        source, lengths = pad([[*one, END] for one in sources[start : start + BATCH_SIZE]])
        translations += search(model, source.to(device), lengths, beam_size=beam_size).words.tolist()
    return translations


def grade_translations(
    model: EncoderDecoder, corpus: Corpus, sentences: Sentences, *, beam_size: int = 1
) -> tuple[dict[str, float], dict[str, str]]:
    """Translate sentences and compare with their references.

    Args:
        model: a translator.
        corpus: that it learned from.
        sentences: to translate.
        beam_size: 1 is greedy search.

    Returns:
        bleu and chrf, 0 to 100, and exact_match, 0 to 1; sacrebleu's signatures of the first two.
    """
    sources = [source for source, _ in sentences.pairs]
    texts = [to_text(corpus.target, ids) for ids in translate(model, sources, beam_size=beam_size)]
    scores = {
        "bleu": bleu(texts, sentences.references, lowercase=corpus.lowercase),
        "chrf": chrf(texts, sentences.references, lowercase=corpus.lowercase),
    }
    wanted = [text.lower() for text in sentences.references] if corpus.lowercase else sentences.references
    grades = {name: score.value for name, score in scores.items()}
    grades["exact_match"] = exact_match(texts, wanted)
    return grades, {name: score.signature for name, score in scores.items()}


def perplexity(model: EncoderDecoder, pairs: Sequence[EncodedPair]) -> float:
    """Perplexity of the target words, </s> among them, given the source and the words before."""
    total = count = 0.0
    with evaluating(model):
        for batch in _batches(model, pairs):
            loss = translation_loss(model(batch.source, batch.source_lengths, batch.target), batch.target)
            total, count = total + float(loss.total), count + int(loss.num_words)
    return math.exp(total / count)


def predicted_links(
    model: EncoderDecoder, corpus: Corpus | Trained, aligned: Aligned
) -> tuple[list[set[Link]], list[set[Link]]]:
    """Link each word of the gold translation to the source word that it attends to most, by forced decoding.

    The weights of words in pieces are added up, over the pieces of the source word and those of the target word.

    Args:
        model: a translator with attention.
        corpus: whose vocabularies it has.
        aligned: sentences with their translations.

    Returns:
        The links of each sentence where </s> may not be chosen, and where it may: a word that attends to it most has
        no link.

    Raises:
        ValueError: the model has no attention.
    """
    links, with_end = [], []
    for start in range(0, len(aligned.sources), BATCH_SIZE):
        sources = aligned.sources[start : start + BATCH_SIZE]
        targets = aligned.targets[start : start + BATCH_SIZE]
        weights = _word_weights(model, corpus, sources, targets)
        lengths = [len(words) for words in sources], [len(words) for words in targets]
        links += links_from_weights(weights, *lengths, end_of_sentence=False)
        with_end += links_from_weights(weights, *lengths, end_of_sentence=True)
    return links, with_end


def grade_attention(model: EncoderDecoder, corpus: Corpus) -> dict[str, float]:
    """Alignment error rates, and what happens without the source mask.

    Args:
        model: a translator with attention.
        corpus: that it learned from.

    Returns:
        alignment_error and alignment_error_with_end for each aligned group; for the test split, in batches as they
        come, the weight on padding and the exact match without the mask.

    Raises:
        ValueError: the model has no attention.
    """
    grades = {}
    for name, aligned in corpus.aligned.items():
        for kind, links in zip(("", "_with_end"), predicted_links(model, corpus, aligned), strict=True):
            grades[f"alignment_error{kind}{name}"] = alignment_error_rate(links, aligned.sure, aligned.possible)
    with without_source_mask(model):
        lost = [
            weight_on_padding(
                forced_weights(model, batch.source, batch.source_lengths, batch.target),
                batch.source_lengths,
                batch.target_lengths,
            )
            for batch in _batches(model, corpus.tests[""].pairs)
        ]
        grades["padding_weight_without_mask"] = float(torch.cat(lost).mean())
        unmasked, _ = grade_translations(model, corpus, corpus.tests[""])
    return {**grades, "exact_match_without_mask": unmasked["exact_match"], "bleu_without_mask": unmasked["bleu"]}


def grade_baselines(corpus: Corpus) -> dict[str, float]:
    """Alignment error rates of the diagonal, which knows no words, and of IBM model 1, which knows nothing else.

    Args:
        corpus: whose training words IBM model 1 learns from.

    Returns:
        alignment_error_diagonal and alignment_error_ibm_model1 for each aligned group; empty where there is none.
    """
    if not corpus.aligned:
        return {}
    model, grades = IBMModel1().fit(*corpus.train_words), {}
    for name, aligned in corpus.aligned.items():
        sentences = list(zip(aligned.sources, aligned.targets, strict=True))
        diagonal = [diagonal_links(len(source), len(target)) for source, target in sentences]
        learned = [model.align(source, target) for source, target in sentences]
        for kind, links in (("diagonal", diagonal), ("ibm_model1", learned)):
            grades[f"alignment_error_{kind}{name}"] = alignment_error_rate(links, aligned.sure, aligned.possible)
    return grades


def grade(model: EncoderDecoder, corpus: Corpus, *, beam_size: int = 1) -> tuple[dict[str, float], dict[str, str]]:
    """All grades of a translator.

    Args:
        model: a translator.
        corpus: that it learned from.
        beam_size: of a beam search beside the greedy one; 1 means no beam search.

    Returns:
        Metrics by name, those of a beam search ending in "_beam" and its size, then the name of the test; and
        sacrebleu's signatures.
    """
    grades, signatures = {"perplexity": perplexity(model, corpus.tests[""].pairs)}, {}
    for name, sentences in corpus.tests.items():
        for size in sorted({1, beam_size}):
            found, signatures = grade_translations(model, corpus, sentences, beam_size=size)
            kind = "" if size == 1 else f"_beam{size}"
            grades |= {f"{metric}{kind}{name}": value for metric, value in found.items()}
    if has_attention(model):
        grades |= grade_attention(model, corpus)
    return grades, signatures


def has_attention(model: EncoderDecoder) -> bool:
    """Whether a translator looks at the words of the source one by one."""
    return not isinstance(model, FixedVector)


def _batches(model: EncoderDecoder, pairs: Sequence[EncodedPair]) -> Iterator[Batch]:
    """Pairs in batches, as they come, on the model's device."""
    device = next(model.parameters()).device
    for start in range(0, len(pairs), BATCH_SIZE):
        yield Batch(*(tensor.to(device) for tensor in make_batch(pairs[start : start + BATCH_SIZE])))


def _word_weights(
    model: EncoderDecoder, corpus: Corpus | Trained, sources: Sequence[Words], targets: Sequence[Words]
) -> Tensor:
    """(B, words of the target, words of the source and </s>), filled up with zeros."""
    in_pieces = [
        (encode_words(corpus.source, source), encode_words(corpus.target, target))
        for source, target in zip(sources, targets, strict=True)
    ]
    (batch,) = _batches(model, [(list(chain(*source)), list(chain(*target))) for source, target in in_pieces])
    weights = forced_weights(model, batch.source, batch.source_lengths, batch.target).cpu()
    of_words = torch.zeros(len(in_pieces), max(map(len, targets)), max(map(len, sources)) + 1)
    for row, found, (source, target) in zip(of_words, weights, in_pieces, strict=True):
        to_source, to_target = _joining([*source, [END]]), _joining(target)
        found = found[: to_target.shape[1], : to_source.shape[1]]  # (target pieces, source pieces)
        joined = to_target @ found @ to_source.T
        row[: joined.shape[0], : joined.shape[1]] = joined
    return of_words


def _joining(words: Sequence[Sequence[int]]) -> Tensor:
    """(words, pieces): 1 where the piece is one of the word's."""
    owners = torch.tensor([number for number, pieces in enumerate(words) for _ in pieces])
    return (torch.arange(len(words))[:, None] == owners).float()
