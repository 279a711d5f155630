/** Masks of a short sentence, and the weights that they leave. No drawing here. */

import { softmax } from "../kit/activations.js";
import { tensor } from "../kit/tensor.js";

export const SIZE = 6; // queries, and keys

/** The scores e(i, j) of query i (row) and key j, before any mask; the last two tokens are padding. */
export const SCORES = [
  [1.2, 0.8, 0.3, 0.1, 0.5, 0.4],
  [1.0, 0.6, 1.4, 0.2, 0.7, 0.3],
  [0.2, 1.3, 0.9, 0.1, 0.6, 0.5],
  [0.4, 0.9, 0.7, 0.8, 0.3, 0.6],
  [0.5, 0.3, 0.6, 0.4, 0.9, 0.8],
  [0.2, 0.7, 0.4, 0.5, 0.8, 0.9],
];

/**
 * @typedef {boolean[][]} Mask (SIZE, SIZE); true = may attend.
 * @typedef {{ kind: "none" | "causal" | "window", length: number, before: number, after: number }} Rule
 *   `length` keys are real, the rest is padding; `before` and `after` are the window's.
 */

/**
 * The mask of a rule: padding and, where asked for, causal or window.
 * @param {Rule} rule
 * @returns {Mask}
 */
export function maskOf({ kind, length, before, after }) {
  const [most, least] = { none: [SIZE, SIZE], causal: [SIZE, 0], window: [before, after] }[kind];
  const places = Array.from({ length: SIZE }, (_, place) => place);
  return places.map((i) => places.map((j) => j < length && j >= i - most && j <= i + least));
}

/**
 * The rule that makes a mask.
 * @param {Mask} allowed
 * @param {Rule} last The rule that held before: kept if it makes this mask too.
 * @returns {Rule | undefined} Nothing if the mask was made by hand.
 */
export function ruleOf(allowed, last) {
  const wanted = JSON.stringify(allowed);
  for (const rule of rules(last)) if (JSON.stringify(maskOf(rule)) === wanted) return rule;
  return undefined;
}

/**
 * All rules: the last one, then the simpler ones first.
 * @param {Rule} last Also gives the window's sizes where they do not count.
 * @returns {Generator<Rule>}
 */
function* rules(last) {
  const { before, after } = last;
  yield last;
  for (let length = SIZE; length >= 0; length -= 1) {
    yield { kind: "none", length, before, after };
    yield { kind: "causal", length, before, after };
    for (let window = 0; window < SIZE * SIZE; window += 1) {
      yield { kind: "window", length, before: Math.floor(window / SIZE), after: window % SIZE };
    }
  }
}

/**
 * The softmax over the allowed keys; all zeros where no key is allowed.
 * @param {number[][]} scores (Lq, Lk).
 * @param {boolean[][]} allowed (Lq, Lk); true = may attend.
 * @returns {number[][]} (Lq, Lk).
 */
export function maskedSoftmax(scores, allowed) {
  return weigh(scores, allowed, -Infinity); // the kit's softmax makes zeros of a row of nothing but -Infinity
}

/**
 * The habit: forbidden scores become -10⁹. Equal to `maskedSoftmax` but for a row in which nothing is allowed.
 * @param {number[][]} scores (Lq, Lk).
 * @param {boolean[][]} allowed (Lq, Lk); true = may attend.
 * @returns {number[][]} (Lq, Lk).
 */
export function habitSoftmax(scores, allowed) {
  return weigh(scores, allowed, -1e9);
}

/**
 * @param {number[][]} scores
 * @param {boolean[][]} allowed
 * @param {number} forbidden The score of a forbidden key.
 * @returns {number[][]}
 */
function weigh(scores, allowed, forbidden) {
  return scores.map((row, i) => {
    const filled = row.map((score, j) => (allowed[i][j] ? score : forbidden));
    return Array.from(softmax(tensor(filled, [row.length])).data);
  });
}
