/** Every layer of the kit gives what PyTorch gives, on every reference, at every size. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import test from "node:test";
import { gelu, relu, sigmoid, softmax, tanh } from "../kit/activations.js";
import { attend, multiHeadAttention } from "../kit/attention.js";
import { convolution } from "../kit/convolution.js";
import { embedding } from "../kit/embedding.js";
import { gru, gruCell } from "../kit/gru.js";
import { layerNorm } from "../kit/layer_norm.js";
import { linear } from "../kit/linear.js";
import { lstm, lstmCell } from "../kit/lstm.js";
import { add, row } from "../kit/tensor.js";
import { assertSame, FOLDER, readReference, toMask } from "./kit_references.js";

/** @typedef {import("../kit/tensor.js").Tensor} Tensor */
/** @typedef {import("../kit/tensor.js").Tensors} Tensors */
/** @typedef {import("../kit/attention.js").Options} Options */

/**
 * Give each tensor of each group the name "group.name", as the export does.
 * @param {Record<string, Record<string, Tensor>>} groups
 * @returns {Record<string, Tensor>}
 */
function flat(groups) {
  const named = Object.entries(groups).map(([group, parts]) =>
    Object.entries(parts).map(([name, part]) => [`${group}.${name}`, part]),
  );
  return Object.fromEntries(named.flat());
}

/** What `references/make.py` computes, said with the kit.
 * @type {Record<string, (tensors: Tensors, inputs: Tensor[]) => Record<string, Tensor>>} */
const LAYERS = {
  linear: (tensors, [x]) => ({ biased: linear(tensors, "biased.", x), plain: linear(tensors, "plain.", x) }),
  embedding: (tensors, [indices]) => ({ output: embedding(tensors, "", indices.data) }),
  gru: (tensors, [x, initial]) => {
    const one = gru(tensors, "one.", x);
    const deep = gru(tensors, "deep.", x, initial);
    const cell = gruCell(tensors, "cell.");
    const [hidden] = cell.step(row(x, 1), cell.step(row(x, 0), cell.start));
    return {
      ...flat({ one: { 0: one.output, 1: one.hidden }, deep: { 0: deep.output, 1: deep.hidden } }),
      cell: hidden,
    };
  },
  lstm: (tensors, [x, hidden, cell]) => {
    const one = lstm(tensors, "one.", x);
    const deep = lstm(tensors, "deep.", x, { hidden, cell });
    const single = lstmCell(tensors, "cell.");
    const states = single.step(row(x, 1), single.step(row(x, 0), single.start));
    return flat({
      one: { 0: one.output, "1.0": one.hidden, "1.1": one.cell },
      deep: { 0: deep.output, "1.0": deep.hidden, "1.1": deep.cell },
      cell: { 0: states[0], 1: states[1] },
    });
  },
  attention: (_, [query, key, value, mask]) =>
    flat({
      plain: attend(query, key, value),
      causal: attend(query, key, value, { causal: true }),
      masked: attend(query, key, value, { mask: toMask(mask) }),
      scaled: attend(query, key, value, { scale: 2.5 }),
    }),
  multi_head: (tensors, [query, key, value, mask]) =>
    flat({
      itself: multiHeadAttention(tensors, "itself.", query, query, query, { numHeads: 3, mask: toMask(mask) }),
      across: multiHeadAttention(tensors, "across.", query, key, value, { numHeads: 2 }),
      book: multiHeadAttention(tensors, "book.", query, key, value, { numHeads: 6 }),
    }),
  layer_norm: (tensors, [x]) => ({
    biased: layerNorm(tensors, "biased.", x, 1e-3),
    plain: layerNorm(tensors, "plain.", x),
  }),
  convolution: (tensors, [picture, line]) => ({
    plain: convolution(tensors, "plain.", picture),
    strided: convolution(tensors, "strided.", picture, { stride: [2, 1], padding: [1, 0], dilation: [1, 2] }),
    deep: convolution(tensors, "deep.", picture, { padding: 1 }),
    line: convolution(tensors, "line.", line, { stride: 2, padding: 2, dilation: 2 }),
  }),
  activations: (_, [x]) => ({ gelu: gelu(x), relu: relu(x), sigmoid: sigmoid(x), softmax: softmax(x), tanh: tanh(x) }),
  encoder: (tensors, [x]) => {
    const first = layerNorm(tensors, "norm1.", x);
    const attended = add(x, multiHeadAttention(tensors, "self_attn.", first, first, first, { numHeads: 2 }).output);
    const hidden = gelu(linear(tensors, "linear1.", layerNorm(tensors, "norm2.", attended)));
    return { output: add(attended, linear(tensors, "linear2.", hidden)) };
  },
};

for (const [name, compute] of Object.entries(LAYERS)) {
  const { tensors, runs } = readReference(name);
  for (const { inputs, outputs } of runs) {
    test(`${name} is PyTorch's at ${inputs.map(({ shape }) => `(${shape})`).join(" ")}`, () => {
      assertSame(compute(tensors, inputs), outputs);
    });
  }
}

test("every reference is compared, each at two sizes or more", () => {
  const folders = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const names = folders.map(({ name }) => name).filter((name) => name !== "__pycache__" && name !== "translate");
  assert.deepEqual(names.sort(), Object.keys(LAYERS).sort());
  for (const name of names) {
    assert.ok(readReference(name).runs.length >= 2, name);
  }
});

test("a comparison sees a difference of 1e-5, a shape and a name", () => {
  const { runs } = readReference("linear");
  const [{ outputs }] = runs;
  const shifted = { ...outputs, plain: { ...outputs.plain, data: outputs.plain.data.map((value) => value + 2e-5) } };
  const reshaped = { ...outputs, plain: { ...outputs.plain, shape: [5, 3] } };
  for (const wrong of [shifted, reshaped, { plain: outputs.plain }]) {
    assert.throws(() => assertSame(wrong, outputs), assert.AssertionError);
  }
  assertSame(outputs, outputs);
});
