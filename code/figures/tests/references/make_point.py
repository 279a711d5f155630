"""Write point.json: how Python cuts texts into words, and what PyTorch makes of texts with the classifiers of the book.

`python make_point.py` reads the classifiers that the figure's weights are made of: see point/make.py.
"""

import json
import random
from pathlib import Path

import torch
from attnbook.data.tatoeba import english_words
from attnbook.figures.export import describe
from attnbook.files import write_whole
from attnbook.recipes.pretrained_classifiers import SCALES, load_classifier_pretrained

NAMES = ("dp", "dp-l")
TEXTS = (
    "great",
    "this is not a good film",
    "a warm, funny and touching film",
    "the plot is dull, but the actors are wonderful",
    "It’s the worst film I've seen; don't go!",
    "bad bad bad good",
    "a snorkwobble of a film, and zzyzx is its best actor",
    "one of the best films of the year, and one that nobody who has a heart should miss: the story is simple, the "
    "actors are never less than good, and the last ten minutes are as moving as anything i have seen on a screen",
)
CUT = (
    "He didn't.",
    "DON’T go; it isn‘t … that's “good”!",
    "n't can't cannot won't'll 've x'd o'clock y'all's rock'n'roll 'tis",
    "a well-made, edge-of-the-seat film -- not a half-baked--thing- -",
    "U.S. e.g. i.e. a.b.c. Mr. 3.5 stars, 1,000.50 at 10:30, no.1 5.",
    "naïve Café ÉTÉ İstanbul ΟΔΟΣ straße ½ x² ٣٫٥ ١٢ 第一 映画 किताब e\u0301",
    "<b onclick=x>film</b> <unk> & 🐍🍕 ❤️ :-) #1 @you 100% $5 _x_ snake_case",
    "tab\tline\nfeed\u00a0space\u2003wide\u0085next\x1funit\ufeffmark\u200bzero",
)
SIGNS = "aB1 é½²'’-.,:;_n't \tm\ufeff\u0085\x1cσΣ第🐍"


def main() -> None:
    """Write the file."""
    draw = random.Random(0)
    mixed = ["".join(draw.choices(SIGNS, k=draw.randint(1, 14))) for _ in range(300)]
    readings = []
    for name in NAMES:
        for scale in SCALES:
            trained = load_classifier_pretrained(name, scale)
            for text in TEXTS:
                read = trained.read(text)
                scores = {"attention": read.attention_scores, "weights": read.weights, "polarity": read.polarity_scores}
                numbers = {kind: describe(given.float())["values"] for kind, given in scores.items()}
                about = {"name": name, "scale": scale, "text": text, "unknown": read.unknown}
                readings.append({**about, **numbers, "probability": read.probability})
    reference = {
        "torch": torch.__version__,
        "cut": [[text, english_words(text)] for text in (*CUT, *TEXTS, *mixed)],
        "readings": readings,
    }
    write_whole(Path(__file__).with_name("point.json"), json.dumps(reference) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
