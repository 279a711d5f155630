import assert from "node:assert/strict";
import { test } from "node:test";
import { presets } from "../square-root-of-d/index.js";
import { KEYS, LARGEST, MOST, QUERIES, STOPS, drawScores, gradientCurve, measure } from "../square-root-of-d/model.js";
import { normal, uniform } from "../square-root-of-d/random.js";
import schema from "../square-root-of-d/state.json" with { type: "json" };
import references from "./references/square-root-of-d.json" with { type: "json" };

const first = schema.properties.seed.default;
const sides = /** @type {const} */ (["dot", "scaled"]);

/** @type {(got: ArrayLike<number>, wanted: number[], within: number) => void} */
function near(got, wanted, within) {
  assert.equal(got.length, wanted.length);
  wanted.forEach((value, i) => assert.ok(Math.abs(got[i] - value) <= within, `${got[i]} is not ${value}`));
}

test("the random numbers are those of the other implementation", () => {
  const next = uniform(first);
  near(references.uniform.map(next), references.uniform, 0);
  near(normal(6, first), references.normal, 1e-12);
});

test("the normal numbers have mean 0, variance 1 and the tails of a normal", () => {
  const numbers = normal(100_000, 3);
  const mean = (/** @type {(x: number) => number} */ of) => numbers.reduce((sum, x) => sum + of(x), 0) / numbers.length;
  near([mean((x) => x), mean((x) => x * x), mean((x) => x ** 4)], [0, 1, 3], 0.05);
  near([mean((x) => (Math.abs(x) > 2 ? 1 : 0))], [0.0455], 0.003);
});

test("variance, weights and gradient are PyTorch's", () => {
  assert.equal(references.cases.length, 7);
  for (const { seed, dimension, ...wanted } of references.cases) {
    const drawn = drawScores(seed);
    for (const side of sides) {
      const got = measure(drawn, dimension, side === "scaled");
      const { variance, weights, largest, gradient } = wanted[side];
      near([got.variance / variance, got.largest, got.gradient], [1, largest, gradient], 1e-5);
      near(got.weights.subarray(0, KEYS), weights, 1e-5);
    }
  }
});

test("a larger dimension adds one product to each score", () => {
  const vectors = normal(LARGEST * (QUERIES + KEYS), first);
  const drawn = drawScores(first);
  const [query, key] = [3, 5];
  const added = (/** @type {number} */ d) => {
    const feature = vectors.subarray(d * (QUERIES + KEYS), (d + 1) * (QUERIES + KEYS));
    return feature[query] * feature[QUERIES + key];
  };
  const score = (/** @type {number} */ d) => drawn[(d * QUERIES + query) * KEYS + key];
  near([score(0), score(1), score(401) - score(400)], [0, added(0), added(400)], 1e-12);
});

test("the division divides every score by √d, and the variance by d", () => {
  const drawn = drawScores(first);
  const [dot, scaled] = [false, true].map((divided) => measure(drawn, 49, divided));
  near(
    scaled.scores,
    Array.from(dot.scores, (score) => score / 7),
    1e-6,
  );
  near([scaled.variance], [dot.variance / 49], 1e-6);
});

test("equal scores have the largest gradient there is, a single winner has none", () => {
  const drawn = new Float64Array(QUERIES * KEYS * (1 + LARGEST));
  const equal = measure(drawn, 8, false);
  near([equal.variance, equal.largest, equal.gradient], [0, 1 / KEYS, MOST], 1e-6);
  for (let place = 0; place < drawn.length; place += KEYS) drawn[place] = 1000;
  const single = measure(drawn, 8, false);
  near([single.largest, single.gradient], [1, 0], 1e-6);
});

test("the curve is what is measured at its dimensions", () => {
  const drawn = drawScores(first);
  const curve = gradientCurve(drawn, false);
  assert.deepEqual([curve[0][0], curve[curve.length - 1][0]], [2, LARGEST]);
  for (const [dimension, gradient] of curve) near([gradient], [measure(drawn, dimension, false).gradient], 0);
});

test("the slider stops at whole numbers that grow, every power of two among them", () => {
  assert.ok(STOPS.every((stop, i) => Number.isInteger(stop) && (i === 0 || stop > STOPS[i - 1])));
  assert.deepEqual([STOPS[0], STOPS[STOPS.length - 1]], [2, LARGEST]);
  for (let power = 2; power <= LARGEST; power *= 2) assert.ok(STOPS.includes(power));
});

test("the notes beside the presets hold for the first draw, and the trend for others", () => {
  const { dimension } = { ...{ dimension: schema.properties.dimension.default }, ...presets.head };
  assert.deepEqual([presets.two.dimension, dimension, presets.large.dimension], [2, 64, 512]);
  for (const seed of [first, first + 1, first + 2]) {
    const drawn = drawScores(seed);
    const [two, head, large] = [2, 64, 512].map((d) => [measure(drawn, d, false), measure(drawn, d, true)]);
    assert.ok(two.every(({ gradient, largest }) => gradient > 0.8 * MOST && largest < 0.75));
    assert.ok(large[0].gradient < 0.2 * MOST && large[1].gradient > 0.85 * MOST);
    assert.ok(head[0].scores.filter((score) => Math.abs(score) > 8).length > 0.2 * head[0].scores.length);
    if (seed === first) assert.ok(head[0].largest > 0.9 && head[1].largest < 0.3 && large[0].largest > 0.98);
  }
});
