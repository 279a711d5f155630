/** What the two classifiers make of a text: as it was typed, and with what was changed by hand. */

import { logistic } from "../kit/activations.js";
import { readSafetensors } from "../kit/safetensors.js";
import { editedWeights, editedWords } from "./edits.js";
import { NAMES, judge, read, weigh } from "./model.js";
import { encode, storedReading } from "./words.js";

/**
 * @typedef {import("./edits.js").Edit} Edit
 * @typedef {import("./words.js").Reading} Reading
 * @typedef {{ weights: number[], polarity: number[], score: number, probability: number }} Judged Weights and
 *   polarity scores by place, 0 where a word is deleted; s; the probability that the text is positive.
 * @typedef {{ before: Judged, now: Judged }} Answer Untouched, and with the edits.
 */

/**
 * @param {() => DataView} weights
 * @returns {(words: string[], scale: number, edits: Edit[]) => Record<string, Answer>} One answer a classifier.
 */
export function answers(weights) {
  /** @type {Map<string, import("../kit/tensor.js").Tensor> | undefined} */
  let tensors;

  /** @type {(name: string, scale: number, words: string[]) => Reading} */
  function reading(name, scale, words) {
    if (!words.length) return { attention: [], polarity: [] };
    try {
      tensors ??= readSafetensors(weights());
    } catch (error) {
      // A poster is drawn without weights, from what is known of the examples.
      const stored = storedReading(name, scale, words);
      if (!stored) throw error;
      return stored;
    }
    return read(tensors, name, scale, encode(words));
  }

  /** @type {(name: string, scale: number, words: (string | undefined)[], edits: Edit[]) => Judged} */
  function judged(name, scale, words, edits) {
    const present = words.flatMap((word) => word ?? []);
    const { attention, polarity } = reading(name, scale, present);
    const placed = (/** @type {ArrayLike<number>} */ numbers) => {
      let next = 0;
      return words.map((word) => (word === undefined ? 0 : numbers[next++]));
    };
    const found = { weights: editedWeights(placed(weigh(attention)), edits), polarity: placed(polarity) };
    const score = judge(found.weights, found.polarity);
    return { ...found, score, probability: logistic(score) };
  }

  return (words, scale, edits) => {
    const edited = editedWords(words, edits);
    const answer = (/** @type {string} */ name) => {
      const before = judged(name, scale, words, []);
      return { before, now: edits.length ? judged(name, scale, edited, edits) : before };
    };
    return Object.fromEntries(NAMES.map((name) => [name, answer(name)]));
  };
}
