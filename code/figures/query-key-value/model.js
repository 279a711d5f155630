/** Attention for one query in the plane: compare, normalise, mix. */

import { softmax } from "../kit/activations.js";
import { tensor } from "../kit/tensor.js";

/**
 * @typedef {[x: number, y: number]} Point
 * @typedef {{ query: Point, keys: Point[], values: Point[], temperature: number, score: ScoreName }} Question
 * @typedef {"dot" | "scaled_dot" | "cosine"} ScoreName
 * @typedef {{ scores: number[], weights: number[], output: Point }} Answer
 *   `scores` and `weights`: one a key; the weights sum to one.
 */

/** @type {Record<ScoreName, (query: Point, key: Point) => number>} The score functions, as in attnbook.scores. */
const SCORES = {
  dot,
  scaled_dot: (query, key) => dot(query, key) / Math.sqrt(query.length),
  cosine: (query, key) => dot(query, key) / (length(query) * length(key)),
};

/**
 * Answer a query.
 * @param {Question} question As many values as keys; a temperature above zero.
 * @returns {Answer}
 */
export function answer({ query, keys, values, temperature, score }) {
  const scores = keys.map((key) => SCORES[score](query, key));
  // The kit counts in single precision: near zero, where the large weights come from, it is exact enough.
  const largest = Math.max(...scores);
  const scaled = scores.map((one) => (one - largest) / temperature);
  const weights = [...softmax(tensor(scaled, [scaled.length])).data];
  const mix = (/** @type {0 | 1} */ axis) => weights.reduce((sum, weight, i) => sum + weight * values[i][axis], 0);
  return { scores, weights, output: [mix(0), mix(1)] };
}

/** @type {(vector: Point) => number} Never zero: a zero vector has no direction, its cosine is 0. */
const length = (vector) => Math.max(1e-12, Math.hypot(...vector));

/**
 * @param {Point} left
 * @param {Point} right
 * @returns {number}
 */
function dot(left, right) {
  return left[0] * right[0] + left[1] * right[1];
}
