"""Write translate/: the figure's three translators, small and with random weights, and what PyTorch makes of them."""

from pathlib import Path

import torch
from attnbook.cli import main
from attnbook.data.vocabulary import END, START
from attnbook.models.search import greedy_search
from attnbook.models.source_weights import forced_weights
from attnbook.models.translators import create_translator
from make import randomise
from torch import Tensor, nn

NAMES = ("fixed_vector", "rnnsearch", "luong-general")
SOURCE_SIZE, TARGET_SIZE, MAX_LENGTH = 13, 11, 12


class Translators(nn.Module):
    """All three, each under its name."""

    def __init__(self) -> None:
        super().__init__()
        for name in NAMES:
            model = randomise(create_translator(name, SOURCE_SIZE, TARGET_SIZE, embed_dim=12, hidden_dim=12))
            # What was written last counts for more: else greedy search writes one word for ever.
            model.target_embedding.weight.data *= 2
            model.output.weight.data *= 2
            self.add_module(name, model)

    def forward(self, source: Tensor, target: Tensor) -> dict[str, dict[str, Tensor]]:
        """Translate source (S,) greedily, and write target (T,): logits (T, V) and weights (T, S) of each word."""
        batch, lengths = source[None], torch.tensor([len(source)])
        given = torch.cat([torch.tensor([START]), target])[None]
        outputs = {}
        for name, model in self.named_children():
            found = greedy_search(model, batch, lengths, MAX_LENGTH)
            outputs[name] = {"words": found.words[0], "logits": model(batch, lengths, given)[0]}
            if name != "fixed_vector":
                outputs[name]["weights"] = forced_weights(model, batch, lengths, given)[0]
        return outputs


def translate() -> tuple[nn.Module, list[tuple[Tensor, ...]]]:
    """Sources and targets of several lengths, the shortest of one word and </s>."""

    def sentence(length: int, size: int) -> Tensor:
        return torch.cat([torch.randint(END + 1, size, (length,)), torch.tensor([END])])

    lengths = ((1, 2), (4, 3), (9, 11), (6, 8), (20, 25))
    pairs = [(sentence(left, SOURCE_SIZE), sentence(right, TARGET_SIZE)) for left, right in lengths]
    return Translators(), pairs


if __name__ == "__main__":
    raise SystemExit(main(["export", f"{__file__}:translate", str(Path(__file__).with_name("translate"))]))
