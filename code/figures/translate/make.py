"""Write the figure's weights and its corpus.json: vocabularies, suggestions, sentences with gold, first answers.

`python make.py` reads the translators that come with the book: see attnbook.recipes.pretrained.
"""

import dataclasses
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import torch
from attnbook.data.translation import AlignedPair, parse, sample_pairs, translation_splits
from attnbook.data.translation_rules import COMMA
from attnbook.data.vocabulary import END, SPECIALS, UNKNOWN, Vocabulary
from attnbook.figures import WEIGHTS
from attnbook.figures.export import storable_weights
from attnbook.files import write_whole
from attnbook.models.encoder_decoder import EncoderDecoder
from attnbook.models.search import Translations, greedy_search
from attnbook.recipes.pretrained import load_pretrained
from safetensors.torch import save

NAMES = ("fixed_vector", "rnnsearch", "luong-general")
EXAMPLES = {
    "food": "我 喜欢 食物",
    "order": "我 姐姐 昨天 在 图书馆 读 了 两 本 小说",
    "clause": "喜欢 牛肉 的 孩子 前天 在 上海 买 了 那 件 衬衫",
    "question": "你 爷爷 怎么 去 餐厅",
    "unknown": "我 喜欢 披萨",
}
NUM_CLAUSES, TRAINED_CLAUSES = 6, 4
NUM_LADDERS = 1000
NUM_FOLLOWERS = 8


def main() -> None:
    """Read the trained translators and write both files."""
    trained = {name: load_pretrained(name) for name in NAMES}
    first = trained[NAMES[0]]
    for name, one in trained.items():
        if (one.source.words, one.target.words) != (first.source.words, first.target.words):
            raise ValueError(f"{name} has another vocabulary than {NAMES[0]}")
        if one.run != dataclasses.replace(first.run, model=name):
            raise ValueError(f"{name} was trained in another way than {NAMES[0]}: {one.run}, {first.run}")
    models = {name: one.model for name, one in trained.items()}
    write(models, first.source, first.target, translation_splits(train=first.run.settings.pairs).train)


def write(
    models: Mapping[str, EncoderDecoder], source: Vocabulary, target: Vocabulary, train: Sequence[AlignedPair]
) -> None:
    """Write weights in half precision, and corpus.json with what the models answer once they are rounded so."""
    weights = {}
    for name, model in models.items():
        stored = storable_weights(model.eval(), torch.float16)
        if model.output.weight is model.target_embedding.weight:
            del stored["output.weight"]
        weights |= {f"{name}.{key}": tensor for key, tensor in stored.items()}
    Path(WEIGHTS).mkdir(exist_ok=True)
    (Path(WEIGHTS) / "translate.safetensors").write_bytes(save(weights))

    examples = {name: text.split() for name, text in EXAMPLES.items()}
    pairs = {name: parse(words) for name, words in examples.items()}
    ladder = choose_ladder(models, source, target, {pair.source for pair in train})
    examples["long"] = list(ladder[TRAINED_CLAUSES - 1].source)
    gold = [*(pair for pair in pairs.values() if pair), *ladder]
    grown = {" ".join(pair.source): answers(models, source, pair.source) for pair in ladder}
    shown = {" ".join(words): answers(models, source, words, poster=True) for words in examples.values()}
    corpus = {
        "source": source.words[len(SPECIALS) :],
        "target": target.words[len(SPECIALS) :],
        "meanings": meanings(train, source),
        "followers": followers(train, source),
        "examples": {name: "".join(words) for name, words in examples.items()},
        "ladder": ["".join(pair.source) for pair in ladder],
        "trainedClauses": TRAINED_CLAUSES,
        "gold": {" ".join(pair.source): {"target": pair.target, "links": sorted(pair.links)} for pair in gold},
        "answers": grown | shown,
    }
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in corpus.items())
    write_whole(Path(__file__).with_name("corpus.json"), f"{{\n{lines}\n}}\n")


def choose_ladder(
    models: Mapping[str, EncoderDecoder], source: Vocabulary, target: Vocabulary, known: set[tuple[str, ...]]
) -> list[AlignedPair]:
    """A sentence of one clause, the same with a second one, and so on.

    Of those drawn, one that training does not show at any length, that attention translates without a fault up to the
    trained lengths and no further, and the fixed vector only at first: where it holds longest, the shortest.
    """
    ladders = []
    for whole in sample_pairs(NUM_LADDERS, clauses=(NUM_CLAUSES, NUM_CLAUSES)):
        ends = [place for place, word in enumerate(whole.source) if word == COMMA]
        parts = [parse(whole.source[:end]) for end in (*ends, None)]
        if all(part and part.target == whole.target[: len(part.target)] and part.source not in known for part in parts):
            ladders.append(parts)

    def right(name: str, ladder: Sequence[AlignedPair]) -> int:
        """How many clauses are right before the first fault."""
        for number, pair in enumerate(ladder):
            if target.decode(greedy(models[name], source, pair.source).words[0]) != list(pair.target):
                return number
        return len(ladder)

    def fits(ladder: Sequence[AlignedPair]) -> bool:
        attend = all(TRAINED_CLAUSES <= right(name, ladder) < NUM_CLAUSES for name in NAMES[1:])
        return attend and 1 <= right(NAMES[0], ladder) < TRAINED_CLAUSES

    fitting = [ladder for ladder in ladders if fits(ladder)]
    if not fitting:
        raise ValueError(f"none of {len(ladders)} sentences is translated by attention and breaks the fixed vector")
    return max(fitting, key=lambda ladder: (right(NAMES[0], ladder), -len(ladder[-1].source)))


def answers(
    models: Mapping[str, EncoderDecoder], source: Vocabulary, words: Sequence[str], *, poster: bool = False
) -> dict[str, dict[str, list]]:
    """What each model writes, with </s>; for a poster RNNsearch's weights too: its map."""
    found = {name: greedy(model, source, words) for name, model in models.items()}
    said = {name: {"words": one.words[0].tolist()} for name, one in found.items()}
    if poster:
        rows = found["rnnsearch"].weights[0].tolist()
        said["rnnsearch"]["weights"] = [[round(weight, 3) for weight in row] for row in rows]
    return said


def greedy(model: EncoderDecoder, source: Vocabulary, words: Sequence[str]) -> Translations:
    """Translate one sentence; as many words at most as the recipe allows."""
    ids = torch.tensor([[*source.encode(words), END]])
    length = ids.shape[1]
    return greedy_search(model, ids, torch.tensor([length]), length * 3 // 2 + 10, need_weights=True)


def meanings(pairs: Iterable[AlignedPair], source: Vocabulary) -> list[str]:
    """For each Chinese word the English that it is linked to most often; empty where it is linked to none."""
    counts = defaultdict(Counter)
    for pair in pairs:
        linked = defaultdict(list)
        for left, right in sorted(pair.links):
            linked[left].append(pair.target[right])
        for place, word in enumerate(pair.source):
            counts[word][" ".join(linked[place])] += 1
    return [counts[word].most_common(1)[0][0] if word in counts else "" for word in source.words[len(SPECIALS) :]]


def followers(pairs: Iterable[AlignedPair], source: Vocabulary) -> list[list[int]]:
    """For each id the words that most often come next; those of <unk> are the words that begin a sentence."""
    counts = defaultdict(Counter)
    for pair in pairs:
        ids = [UNKNOWN, *source.encode(pair.source)]
        for one, following in pairwise(ids):
            counts[one][following] += 1
    return [[word for word, _ in counts[one].most_common(NUM_FOLLOWERS)] for one in range(len(source))]


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
