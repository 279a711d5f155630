/** What does not fit is refused; the message says what came and what is allowed. And what PyTorch cannot be asked. */

import assert from "node:assert/strict";
import test from "node:test";
import { softmax } from "../kit/activations.js";
import { attend, attendHeads, multiHeadAttention } from "../kit/attention.js";
import { convolution } from "../kit/convolution.js";
import { embedding } from "../kit/embedding.js";
import { gru, gruCell } from "../kit/gru.js";
import { layerNorm } from "../kit/layer_norm.js";
import { linear } from "../kit/linear.js";
import { lstm } from "../kit/lstm.js";
import { add, concatenate, multiply, multiplyTransposed, stack, tensor, zeros } from "../kit/tensor.js";
import { readReference } from "./kit_references.js";

const weights = Object.fromEntries(
  ["linear", "embedding", "gru", "lstm", "multi_head", "layer_norm", "convolution"].map((layer) => [
    layer,
    readReference(layer).tensors,
  ]),
);
const twoByThree = zeros([2, 3]);

/**
 * @param {string} layer
 * @param {string} name of the weight that zeros of another shape take the place of.
 * @param {number[]} shape
 */
const altered = (layer, name, shape) => new Map([...weights[layer], [name, zeros(shape)]]);

/** @type {[string, () => unknown, string][]} */
const REFUSED = [
  ["values that do not fill the shape", () => tensor([1, 2], [3]), "a tensor of shape (3) holds 3 values; got 2"],
  ["a sum of two shapes", () => add(twoByThree, zeros([3, 2])), "right must be (2, 3); got (3, 2)"],
  ["a product that does not fit", () => multiply(twoByThree, twoByThree), "right must be (3, N); got (2, 3)"],
  ["rows of two lengths", () => multiplyTransposed(twoByThree, zeros([1, 2])), "left must be (..., 2); got (2, 3)"],
  ["a stack of two shapes", () => stack([zeros([2]), zeros([3])]), "part must be (2); got (3)"],
  ["columns of two heights", () => concatenate([twoByThree, zeros([3, 3])]), "part must be (2, C); got (3, 3)"],
  [
    "a name that is not there",
    () => linear(weights.linear, "wrong.", zeros([4])),
    'no tensor "wrong.weight"; there are: biased.bias, biased.weight, plain.weight',
  ],
  ["no weights at all", () => linear(new Map(), "", zeros([4])), 'no tensor "weight"; there are: none'],
  ["an input too wide", () => linear(weights.linear, "plain.", zeros([2, 5])), "input must be (..., 4); got (2, 5)"],
  ["a scalar", () => linear(weights.linear, "plain.", zeros([])), "input must be (..., 4); got ()"],
  [
    "a bias of another size",
    () => linear(altered("linear", "biased.bias", [2]), "biased.", zeros([4])),
    "bias must be (3); got (2)",
  ],
  [
    "a token beyond the table",
    () => embedding(weights.embedding, "", [1, 10]),
    "an index of weight must be a whole number from 0 to 9; got 10",
  ],
  [
    "a token before the table",
    () => embedding(weights.embedding, "", [-1]),
    "an index of weight must be a whole number from 0 to 9; got -1",
  ],
  [
    "half a token",
    () => embedding(weights.embedding, "", [0.5]),
    "an index of weight must be a whole number from 0 to 9; got 0.5",
  ],
  ["an empty sequence", () => gru(weights.gru, "one.", zeros([0, 3])), "input must have at least one step; got (0, 3)"],
  ["a sequence too wide", () => gru(weights.gru, "one.", zeros([2, 4])), "input must be (3); got (4)"],
  ["a batch", () => lstm(weights.lstm, "one.", zeros([2, 1, 3])), "input must be (T, C); got (2, 1, 3)"],
  [
    "a state too few",
    () => gru(weights.gru, "deep.", zeros([2, 3]), zeros([2, 4])),
    "initial state must be (4, 4); got (2, 4)",
  ],
  [
    "a cell of another size",
    () => lstm(weights.lstm, "deep.", zeros([2, 3]), { hidden: zeros([4, 4]), cell: zeros([4, 5]) }),
    "initial state must be (4, 4); got (4, 5)",
  ],
  [
    "a cell's state of another size",
    () => gruCell(weights.gru, "cell.").step(zeros([3]), [zeros([4])]),
    "hidden state must be (5); got (4)",
  ],
  [
    "an LSTM's weights for a GRU",
    () => gru(weights.lstm, "one.", zeros([2, 3])),
    "one.weight_hh_l0 must be (15, 5); got (20, 5)",
  ],
  ["a key too wide", () => attend(twoByThree, zeros([2, 4]), zeros([2, 1])), "key must be (Lk, 3); got (2, 4)"],
  ["a value too few", () => attend(twoByThree, zeros([4, 3]), zeros([3, 1])), "value must be (4, Ev); got (3, 1)"],
  [
    "a mask of another size",
    () => attend(twoByThree, twoByThree, twoByThree, { mask: [[true, true], [true]] }),
    "mask must be (2, 2); got (2, 2 or 1)",
  ],
  [
    "a mask for fewer queries",
    () => attend(twoByThree, twoByThree, twoByThree, { mask: [[true, true]] }),
    "mask must be (2, 2); got (1, 2)",
  ],
  [
    "heads that do not divide",
    () => attendHeads(twoByThree, twoByThree, twoByThree, 2),
    "the heads must divide the columns of query, key and value; got 2 for (2, 3), (2, 3), (2, 3)",
  ],
  [
    "fewer heads than none",
    () => attendHeads(twoByThree, twoByThree, twoByThree, -1),
    "the heads must divide the columns of query, key and value; got -1 for (2, 3), (2, 3), (2, 3)",
  ],
  [
    "a projection of another size",
    () => {
      const tensors = altered("multi_head", "itself.in_proj_weight", [12, 6]);
      return multiHeadAttention(tensors, "itself.", zeros([1, 6]), zeros([1, 6]), zeros([1, 6]), { numHeads: 3 });
    },
    "itself.in_proj_weight must be (18, C); got (12, 6)",
  ],
  [
    "a row too wide for the norm",
    () => layerNorm(weights.layer_norm, "plain.", twoByThree),
    "input must be (..., 6); got (2, 3)",
  ],
  [
    "a picture without channels",
    () => convolution(weights.convolution, "plain.", zeros([3])),
    "input must be (in, height, width); got (3)",
  ],
  [
    "channels that do not fit",
    () => convolution(weights.convolution, "plain.", zeros([5, 4, 4])),
    "input (5, 4, 4) does not fit plain.weight (3, 4, 3, 3)",
  ],
  [
    "groups that do not divide the output",
    () => convolution(altered("convolution", "plain.weight", [3, 2, 1, 1]), "plain.", zeros([4, 5, 5])),
    "input (4, 5, 5) does not fit plain.weight (3, 2, 1, 1)",
  ],
  [
    "a line for a picture's kernel",
    () => convolution(weights.convolution, "plain.", zeros([4, 4])),
    "plain.weight must be (out, in / groups, width); got (3, 4, 3, 3)",
  ],
  [
    "a kernel larger than the picture",
    () => convolution(weights.convolution, "plain.", zeros([4, 2, 5])),
    'a kernel of 3 with {"stride":1,"padding":0,"dilation":1} is larger than the input\'s 2',
  ],
  [
    "no stride",
    () => convolution(weights.convolution, "plain.", zeros([4, 5, 5]), { stride: 0 }),
    "stride must be a whole number, 1 or more; got 0",
  ],
  [
    "half a padding",
    () => convolution(weights.convolution, "plain.", zeros([4, 5, 5]), { padding: [0, 0.5] }),
    "padding must be a whole number, 0 or more; got 0.5",
  ],
];

for (const [name, call, message] of REFUSED) {
  test(`refused: ${name}`, () => assert.throws(call, { name: "RangeError", message }));
}

test("a mask must hold booleans: a number could mean either", () => {
  const mask = /** @type {any} */ ([[1, 0]]);
  assert.throws(() => attend(zeros([1, 3]), twoByThree, twoByThree, { mask }), {
    name: "TypeError",
    message: "mask must hold true (may attend) and false only",
  });
});

test("a query that may attend to nothing gets zeros, whatever the scores", () => {
  const huge = tensor([1e30, -1e30, 3], [1, 3]);
  const { output, weights: given } = attend(huge, twoByThree, twoByThree, { mask: [[false, false]] });
  assert.deepEqual([...given.data], [0, 0]);
  assert.deepEqual([...output.data], [0, 0, 0]);
  assert.deepEqual(attend(huge, zeros([0, 3]), zeros([0, 2])).output, zeros([1, 2]));
});

test("causal with more queries than keys leaves the first queries without a key", () => {
  const { weights: given } = attend(zeros([3, 1]), zeros([2, 1]), zeros([2, 1]), { causal: true });
  assert.deepEqual([...given.data], [0, 0, 1, 0, 0.5, 0.5]);
});

test("softmax gives zeros where there is nothing but minus infinity, and passes NaN on", () => {
  const scores = tensor([-Infinity, -Infinity, 0, -Infinity, NaN, 1], [3, 2]);
  assert.deepEqual([...softmax(scores).data], [0, 0, 1, 0, NaN, NaN]);
});

test("softmax of numbers whose exponential is too large for any number", () => {
  assert.deepEqual([...softmax(tensor([1e4, 1e4, -1e4], [1, 3])).data], [0.5, 0.5, 0]);
});

test("matrices of different widths stand side by side", () => {
  const joined = concatenate([tensor([1, 2, 3, 4], [2, 2]), tensor([5, 6], [2, 1]), zeros([2, 0])]);
  assert.deepEqual(joined, tensor([1, 2, 5, 3, 4, 6], [2, 3]));
});

test("no tokens give no rows", () => assert.deepEqual(embedding(weights.embedding, "", []), zeros([0, 4])));

test("what is given stays as it is", () => {
  const [query, key] = [tensor([1, 2, 3, 4], [2, 2]), tensor([5, 6, 7, 8], [2, 2])];
  attend(query, key, key, { causal: true });
  add(query, key);
  assert.deepEqual([...query.data, ...key.data], [1, 2, 3, 4, 5, 6, 7, 8]);
});
