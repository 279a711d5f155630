"""The recorder on Hugging Face models as they come, against `output_attentions=True` under eager attention.

The models are made from tiny configurations, so nothing is downloaded.
"""

from collections.abc import Callable

import pytest
import torch
from attnbook.recorder import record_attention
from torch import Tensor, nn

transformers = pytest.importorskip("transformers")

IDS = torch.randint(3, 50, (2, 7))
PADDING = torch.tensor([[1] * 7, [1] * 4 + [0] * 3])
HEADS = {"num_attention_heads": 4, "num_hidden_layers": 2, "hidden_size": 16, "intermediate_size": 32}


def make(kind: str) -> nn.Module:
    tokens = {"vocab_size": 50, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2}
    seq2seq = {"decoder_start_token_id": 2, "forced_eos_token_id": 1, **tokens}
    layers = {
        "encoder_layers": 2,
        "decoder_layers": 2,
        "encoder_attention_heads": 4,
        "decoder_attention_heads": 4,
    }
    hf: Callable[[str], Callable] = lambda name: getattr(transformers, name)  # noqa: E731
    model, config = {
        "bert": ("BertModel", hf("BertConfig")(**HEADS, **tokens)),
        "gpt2": (
            "GPT2LMHeadModel",
            hf("GPT2Config")(n_embd=16, n_layer=2, n_head=4, n_positions=32, **tokens),
        ),
        "llama": ("LlamaForCausalLM", hf("LlamaConfig")(**HEADS, num_key_value_heads=2, **tokens)),
        "mixtral": (  # its router has a softmax, too
            "MixtralForCausalLM",
            hf("MixtralConfig")(**HEADS, num_key_value_heads=2, num_local_experts=2, **tokens),
        ),
        "gpt-oss": (  # softmax over the keys and one sink
            "GptOssForCausalLM",
            hf("GptOssConfig")(
                **HEADS,
                num_key_value_heads=2,
                head_dim=4,
                num_local_experts=2,
                num_experts_per_tok=1,
                **tokens,
            ),
        ),
        "t5": ("T5Model", hf("T5Config")(d_model=16, d_kv=4, num_layers=2, num_heads=4, d_ff=32, **seq2seq)),
        "marian": (
            "MarianMTModel",
            hf("MarianConfig")(d_model=16, **layers, max_position_embeddings=32, **seq2seq),
        ),
    }[kind]
    torch.manual_seed(0)
    made = hf(model)(config).eval()
    with torch.no_grad():
        for tensor in (*made.parameters(), *made.buffers()):
            if tensor.is_floating_point():
                tensor.normal_(0.0, 0.5)
    return made


def attentions_of(model: nn.Module, **inputs: Tensor) -> list[Tensor]:
    """What the model itself gives out, in the order in which it runs: each decoder layer self, then cross."""
    model.set_attn_implementation("eager")
    with torch.no_grad():
        given = model(**inputs, output_attentions=True)
    if "decoder_input_ids" not in inputs:
        return list(given.attentions)
    decoder = zip(given.decoder_attentions, given.cross_attentions, strict=True)
    return [*given.encoder_attentions, *(weights for layer in decoder for weights in layer)]


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("bert", ["encoder.layer.0.attention.self", "encoder.layer.1.attention.self"]),
        ("gpt2", ["transformer.h.0.attn", "transformer.h.1.attn"]),
        ("llama", ["model.layers.0.self_attn", "model.layers.1.self_attn"]),
        ("mixtral", ["model.layers.0.self_attn", "model.layers.1.self_attn"]),
        ("gpt-oss", ["model.layers.0.self_attn", "model.layers.1.self_attn"]),
        ("t5", ["encoder.block.0.layer.0.SelfAttention", "decoder.block.0.layer.1.EncDecAttention"]),
        ("marian", ["model.encoder.layers.0.self_attn", "model.decoder.layers.1.encoder_attn"]),
    ],
)
def test_maps_equal_output_attentions(kind, names, implementation):
    model = make(kind)
    if implementation == "eager" or kind != "gpt-oss":  # gpt-oss comes in eager only
        model.set_attn_implementation(implementation)
    inputs = {"input_ids": IDS, "attention_mask": PADDING}
    if kind in ("t5", "marian"):
        inputs["decoder_input_ids"] = IDS[:, :5]
    with torch.no_grad():
        expected_output = model(**inputs)[0]
        with record_attention(model) as maps:
            output = model(**inputs)[0]
    assert torch.equal(output, expected_output)
    assert set(names) <= set(maps)
    expected = attentions_of(model, **inputs)
    assert len(maps) == len(expected)
    for weights, given in zip(maps.values(), expected, strict=True):
        torch.testing.assert_close(weights, given, atol=1e-5, rtol=0)


def test_generation_with_a_cache_gives_one_map_for_each_step():
    model = make("llama")
    settings = {"max_new_tokens": 4, "min_new_tokens": 4, "do_sample": False, "attention_mask": IDS[:1] > 0}
    expected = model.generate(IDS[:1], **settings)
    with record_attention(model) as maps:
        generated = model.generate(IDS[:1], **settings)
    assert torch.equal(generated, expected)
    steps = maps.calls("model.layers.1.self_attn")
    assert [tuple(weights.shape) for weights in steps] == [(1, 4, 7, 7), *((1, 4, 1, n) for n in (8, 9, 10))]
    whole = attentions_of(model, input_ids=generated[:, :-1])[1]
    torch.testing.assert_close(steps[-1][:, :, 0], whole[:, :, -1], atol=1e-5, rtol=0)


@pytest.mark.filterwarnings("ignore:.*gradient_checkpointing_enable:FutureWarning")
def test_training_with_gradient_checkpointing():
    model = make("llama").train()
    gradients = []
    for record in (False, True):
        model.gradient_checkpointing_enable()
        model.zero_grad()
        if record:
            with record_attention(model) as maps:
                model(input_ids=IDS, labels=IDS).loss.backward()
        else:
            model(input_ids=IDS, labels=IDS).loss.backward()
        gradients.append([parameter.grad.clone() for parameter in model.parameters()])
    assert all(torch.equal(plain, recorded) for plain, recorded in zip(*gradients, strict=True))
    assert [len(maps.calls(name)) for name in maps] == [1, 1]
