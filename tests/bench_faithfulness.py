"""Speed of comprehensiveness, as ratios: `tests/bench.py` times it, or this file when it is run alone."""

from collections.abc import Callable, Iterator

import torch
from attnbook.metrics.erasure import remove
from attnbook.metrics.faithfulness import comprehensiveness
from attnbook.metrics.rationales import top_words
from attnbook.models.attention_classifier import AttentionClassifier
from bench_translation import Comparison
from torch import Tensor

VOCABULARY, SENTENCES, LONGEST = 8000, 1000, 40


def faithfulness_comparisons() -> Iterator[Comparison]:
    """Comprehensiveness of 1,000 sentences at once against one sentence after the other."""
    lengths = torch.randint(5, LONGEST + 1, (SENTENCES,))
    mask = torch.arange(LONGEST) < lengths[:, None]
    words = torch.randint(4, VOCABULARY, mask.shape) * mask
    rationale = top_words(torch.rand(mask.shape), mask, 3)
    sentences = [tensor.split(1) for tensor in (words, mask, rationale)]
    for name, cell in (("embeddings", None), ("LSTM", "lstm")):
        model = AttentionClassifier(VOCABULARY, cell=cell, hidden_dim=50).eval()

        def predict(words: Tensor, mask: Tensor, model: AttentionClassifier = model) -> Tensor:
            return model.forward_embedded(model.embedding(words), mask.sum(dim=1)).logits.softmax(dim=-1)

        def at_once(predict: Callable = predict) -> Tensor:
            return comprehensiveness(predict, words, mask, rationale, remove())

        def one_by_one(predict: Callable = predict) -> Tensor:
            return torch.cat([comprehensiveness(predict, *row, remove()) for row in zip(*sentences, strict=True)])

        torch.testing.assert_close(at_once(), one_by_one(), atol=1e-5, rtol=0)
        yield Comparison(
            f"comprehensiveness at once / one by one, {name}, {SENTENCES} sentences", at_once, one_by_one, 0.1
        )


if __name__ == "__main__":
    from bench import ratio, report

    torch.set_num_threads(1)
    torch.manual_seed(0)
    for name, ours, theirs, bound in faithfulness_comparisons():
        report(name, ratio(ours, theirs), bound)
