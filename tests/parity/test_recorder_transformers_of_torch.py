"""The recorder on nn.TransformerEncoder, Decoder and Transformer, where no argument gives the weights out."""

import pytest
import torch
from attnbook.recorder import record_attention
from cases import randomise
from torch import Tensor, nn

FUTURE = nn.Transformer.generate_square_subsequent_mask(5)
PADDING = torch.tensor([[False] * 5, [False, False, False, True, True]])
SOURCE, TARGET = torch.randn(2, 5, 16), torch.randn(2, 5, 16)


def weights_of(mha: nn.MultiheadAttention, inputs: tuple[Tensor, Tensor], **masks: Tensor) -> Tensor:
    query, memory = inputs
    return mha(query, memory, memory, average_attn_weights=False, **masks)[1]


def run(model: nn.Module, training: bool, *inputs: Tensor, **masks: Tensor) -> Tensor:
    """In eval mode without gradient, where torch's fast path would hide everything, or in training mode."""
    with torch.set_grad_enabled(training):
        return model.train(training)(*inputs, **masks)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize(
    "masks",
    [
        {},
        {"src_key_padding_mask": PADDING},
        {"mask": FUTURE},
        {"mask": FUTURE, "is_causal": True},
        {"mask": FUTURE.isinf(), "src_key_padding_mask": PADDING},
    ],
)
def test_encoder(training, norm_first, masks):
    layer = nn.TransformerEncoderLayer(16, 4, 32, dropout=0.0, batch_first=True, norm_first=norm_first)
    encoder = randomise(nn.TransformerEncoder(layer, 2, nn.LayerNorm(16), enable_nested_tensor=not norm_first))
    expected = run(encoder, training, SOURCE, **masks)
    with record_attention(encoder) as maps:
        output = run(encoder, training, SOURCE, **masks)
    real = ~masks.get("src_key_padding_mask", torch.zeros(2, 5, dtype=torch.bool))
    torch.testing.assert_close(output[real], expected[real], atol=1e-5, rtol=1e-5)
    assert list(maps) == ["layers.0.self_attn", "layers.1.self_attn"]

    first = encoder.layers[0]
    seen = first.norm1(SOURCE) if norm_first else SOURCE
    for_mha = {"attn_mask": masks.get("mask"), "key_padding_mask": masks.get("src_key_padding_mask")}
    weights = weights_of(first.self_attn, (seen, seen), **for_mha)
    torch.testing.assert_close(maps["layers.0.self_attn"], weights, atol=1e-5, rtol=0)


def test_encoder_with_dropout_draws_the_same_numbers():
    encoder = randomise(nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), 2))
    outputs = []
    for record in (False, True):
        torch.manual_seed(1)
        if record:
            with record_attention(encoder):
                outputs.append(encoder(SOURCE, src_key_padding_mask=PADDING))
        else:
            outputs.append(encoder(SOURCE, src_key_padding_mask=PADDING))
    assert torch.equal(*outputs)


@pytest.mark.parametrize("training", [False, True])
def test_decoder(training):
    layer = nn.TransformerDecoderLayer(16, 4, 32, dropout=0.0, batch_first=True, norm_first=True)
    decoder = randomise(nn.TransformerDecoder(layer, 2))
    masks = {"tgt_mask": FUTURE, "memory_key_padding_mask": PADDING}
    expected = run(decoder, training, TARGET, SOURCE, **masks)
    with record_attention(decoder) as maps:
        output = run(decoder, training, TARGET, SOURCE, **masks)
    assert torch.equal(output, expected)
    assert list(maps) == [f"layers.{i}.{name}" for i in (0, 1) for name in ("self_attn", "multihead_attn")]

    first = decoder.layers[0]
    seen = first.norm1(TARGET)
    weights = weights_of(first.self_attn, (seen, seen), attn_mask=FUTURE)
    torch.testing.assert_close(maps["layers.0.self_attn"], weights, atol=1e-5, rtol=0)
    x = TARGET + first._sa_block(seen, FUTURE, None)
    weights = weights_of(first.multihead_attn, (first.norm2(x), SOURCE), key_padding_mask=PADDING)
    torch.testing.assert_close(maps["layers.0.multihead_attn"], weights, atol=1e-5, rtol=0)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True:UserWarning")
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
def test_whole_transformer(training, batch_first):
    model = randomise(nn.Transformer(16, 4, 1, 1, 32, dropout=0.0, batch_first=batch_first))
    source, target = (x if batch_first else x.transpose(0, 1) for x in (SOURCE, TARGET[:, :4]))
    masks = {"tgt_mask": FUTURE[:4, :4], "src_key_padding_mask": PADDING, "memory_key_padding_mask": PADDING}
    expected = run(model, training, source, target, **masks)
    with record_attention(model) as maps:
        output = run(model, training, source, target, **masks)
    torch.testing.assert_close(output, expected, atol=1e-5, rtol=1e-5)
    assert {name: tuple(weights.shape) for name, weights in maps.items()} == {
        "encoder.layers.0.self_attn": (2, 4, 5, 5),
        "decoder.layers.0.self_attn": (2, 4, 4, 4),
        "decoder.layers.0.multihead_attn": (2, 4, 4, 5),
    }
    assert (maps["decoder.layers.0.multihead_attn"][1, ..., 3:] == 0).all()
    assert (maps["decoder.layers.0.self_attn"].triu(1) == 0).all()
    seen = SOURCE
    weights = weights_of_batch_first(model.encoder.layers[0].self_attn, seen, batch_first)
    torch.testing.assert_close(maps["encoder.layers.0.self_attn"], weights, atol=1e-5, rtol=0)


def weights_of_batch_first(mha: nn.MultiheadAttention, x: Tensor, batch_first: bool) -> Tensor:
    x = x if batch_first else x.transpose(0, 1)
    return weights_of(mha, (x, x), key_padding_mask=PADDING)
