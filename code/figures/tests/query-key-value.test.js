import assert from "node:assert/strict";
import { test } from "node:test";
import schema from "../query-key-value/state.json" with { type: "json" };
import { answer } from "../query-key-value/model.js";
import { presets } from "../query-key-value/index.js";
import references from "./references/query-key-value.json" with { type: "json" };

/** @typedef {import("../query-key-value/model.js").Question} Question */

const first = /** @type {Question} */ (
  Object.fromEntries(Object.entries(schema.properties).map(([key, { default: value }]) => [key, value]))
);
const of = (/** @type {Partial<Question>} */ changes) => answer({ ...first, ...changes });
const preset = (/** @type {keyof typeof presets} */ name) => of(/** @type {Partial<Question>} */ (presets[name]));

/** @type {(got: number[], wanted: number[], within: number) => void} */
function near(got, wanted, within) {
  assert.equal(got.length, wanted.length);
  got.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) <= within, `${got} is not ${wanted}`));
}

test("scores, weights and output are PyTorch's", () => {
  assert.equal(references.length, 15);
  for (const { state, scores, weights, output } of references) {
    const got = answer(/** @type {Question} */ (state));
    near(got.scores, scores, 1e-12);
    near(got.weights, weights, 1e-6);
    near(got.output, output, 1e-5);
  }
});

test("the weights sum to one and the output stays among the values", () => {
  for (const { state } of references) {
    const { weights, output } = answer(/** @type {Question} */ (state));
    near([weights.reduce((sum, weight) => sum + weight, 0)], [1], 1e-6);
    for (const axis of [0, 1]) {
      const along = state.values.map((value) => value[axis]);
      assert.ok(output[axis] >= Math.min(...along) - 1e-6 && output[axis] <= Math.max(...along) + 1e-6);
    }
  }
});

test("a zero query weighs all keys alike, and gives the mean", () => {
  for (const score of /** @type {const} */ (["dot", "scaled_dot", "cosine"])) {
    const { scores, weights, output } = of({ query: [0, 0], score, values: [[3, 0], [0, 3], [1, 1], [0, 0]] });
    near(scores, [0, 0, 0, 0], 0);
    near(weights, [0.25, 0.25, 0.25, 0.25], 1e-7);
    near(output, [1, 1], 1e-6);
  }
});

test("hand-made scores: q = (2, 1), k = (3, 1)", () => {
  const one = { query: /** @type {[number, number]} */ ([2, 1]), keys: /** @type {[number, number][]} */ ([[3, 1]]) };
  near(of({ ...one, score: "dot" }).scores, [7], 0);
  near(of({ ...one, score: "scaled_dot" }).scores, [7 / Math.SQRT2], 1e-12);
  near(of({ ...one, score: "cosine" }).scores, [7 / Math.sqrt(50)], 1e-12);
});

test("a vector shorter than 1e-12 counts as that long, as in the library; a zero vector's cosine is 0", () => {
  const keys = /** @type {[number, number][]} */ ([[2, 0], [-3e-13, 0], [0, 0]]);
  near(of({ query: [1e-13, 0], keys, score: "cosine" }).scores, [0.1, -0.03, 0], 1e-15);
});

test("a difference of ln 3 in the scores makes the weights 3 to 1", () => {
  const keys = /** @type {[number, number][]} */ ([[Math.log(3), 2], [0, -1], [-3, 0], [-3, 0]]);
  const { weights } = of({ query: [1, 0], keys, score: "dot" });
  near([weights[0] / weights[1]], [3], 1e-5);
  const warmer = of({ query: [1, 0], keys, score: "dot", temperature: 2 });
  near([warmer.weights[0] / warmer.weights[1]], [Math.sqrt(3)], 1e-5);
});

test("presets show what they say", () => {
  const [k1, k2] = preset("equal").weights;
  assert.equal(k1, k2);
  assert.ok(k1 > 0.25);
  assert.ok(preset("far").weights[1] > 0.95);
  const shared = preset("cosine").weights;
  near(shared.slice(0, 3), [0.3, 0.3, 0.3], 0.03);
  near(preset("sharp").output, first.values[0], 0.01);
  const even = (/** @type {number[]} */ weights) => Math.max(...weights) - Math.min(...weights);
  assert.ok(even(preset("soft").weights) < 0.2 && even(preset("start").weights) > 0.5);
});
