/** What the dimension does to dot products, to their softmax and to its gradient. No drawing here. */

import { softmax } from "../kit/activations.js";
import { tensor } from "../kit/tensor.js";
import { normal } from "./random.js";

export const QUERIES = 40;
export const KEYS = 16; // the same for all queries
export const LARGEST = 512;
const PAIRS = QUERIES * KEYS;

/** The most that `gradient` can be: all weights equal. */
export const MOST = 2 * (1 - 1 / KEYS);

/** The dimensions at which the slider stops: eight steps from each power of two to the next, whole numbers. */
export const STOPS = [...new Set(Array.from({ length: 65 }, (_, step) => Math.round(2 ** (1 + step / 8))))];

/**
 * The dot products of random queries and keys in every dimension up to 512. A larger dimension adds features
 * to the same vectors, so that the scores move on smoothly.
 * @param {number} seed
 * @returns {Float64Array} (1 + LARGEST, QUERIES, KEYS): at place d the dot products of the first d features.
 */
export function drawScores(seed) {
  const vectors = normal(LARGEST * (QUERIES + KEYS), seed); // feature by feature: of the queries, then of the keys
  const sums = new Float64Array((1 + LARGEST) * PAIRS);
  for (let d = 0, place = PAIRS; d < LARGEST; d += 1) {
    const start = d * (QUERIES + KEYS);
    for (let query = start; query < start + QUERIES; query += 1) {
      for (let key = start + QUERIES; key < start + QUERIES + KEYS; key += 1, place += 1) {
        sums[place] = sums[place - PAIRS] + vectors[query] * vectors[key];
      }
    }
  }
  return sums;
}

/**
 * @typedef {{ scores: Float32Array, weights: Float32Array, variance: number, largest: number, gradient: number }}
 *   Measured `scores` and `weights`: (QUERIES, KEYS); `variance` of all scores; the `largest` weight of the first
 *   query; `gradient`: the sum of the sizes of all entries of the softmax's Jacobian, mean over the queries.
 */

/**
 * Scores, weights and gradient in one dimension.
 * @param {Float64Array} drawn from `drawScores`.
 * @param {number} dimension from 2 to LARGEST.
 * @param {boolean} divided by √d.
 * @returns {Measured}
 */
export function measure(drawn, dimension, divided) {
  const scores = scoresAt(drawn, dimension, divided);
  const weights = weightsOf(scores);
  return {
    scores,
    weights,
    variance: varianceOf(scores),
    largest: Math.max(...weights.subarray(0, KEYS)),
    gradient: gradientOf(weights),
  };
}

/**
 * The size of the gradient over the dimension, at every third stop of the slider.
 * @param {Float64Array} drawn from `drawScores`.
 * @param {boolean} divided by √d.
 * @returns {[dimension: number, gradient: number][]}
 */
export function gradientCurve(drawn, divided) {
  const dimensions = STOPS.filter((_, i) => i % 3 === 0 || i === STOPS.length - 1);
  return dimensions.map((dimension) => [dimension, gradientOf(weightsOf(scoresAt(drawn, dimension, divided)))]);
}

/**
 * @param {Float64Array} drawn
 * @param {number} dimension
 * @param {boolean} divided
 * @returns {Float32Array} (QUERIES, KEYS).
 */
function scoresAt(drawn, dimension, divided) {
  const divisor = divided ? Math.sqrt(dimension) : 1;
  const scores = new Float32Array(drawn.subarray(dimension * PAIRS, (dimension + 1) * PAIRS));
  return scores.map((score) => score / divisor);
}

/**
 * @param {Float32Array} scores (QUERIES, KEYS).
 * @returns {Float32Array} Their softmax over the keys.
 */
function weightsOf(scores) {
  return softmax(tensor(scores, [QUERIES, KEYS])).data;
}

/**
 * @param {Float32Array} numbers
 * @returns {number} Their variance, with n - 1 below as torch has it.
 */
function varianceOf(numbers) {
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  return numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0) / (numbers.length - 1);
}

/**
 * The Jacobian diag(w) - w wᵀ has w(1 - w) on its diagonal, and off it each row sums to the same with a minus sign.
 * @param {Float32Array} weights (QUERIES, KEYS).
 * @returns {number} Sum of the sizes of its entries, mean over the queries.
 */
function gradientOf(weights) {
  return (2 * weights.reduce((sum, weight) => sum + weight * (1 - weight), 0)) / QUERIES;
}
