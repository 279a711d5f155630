/** What the three translators make of a sentence, graded where its gold is known. */

import { readSafetensors } from "../kit/safetensors.js";
import { cut, english, englishIds, goldOf, ladder, storedAnswers } from "./corpus.js";
import { alignmentError, compare } from "./grade.js";
import { END, NAMES, look, translate } from "./model.js";

/**
 * @typedef {import("./corpus.js").Word} Word
 * @typedef {import("./corpus.js").Gold} Gold
 * @typedef {import("./grade.js").Row} Row
 * @typedef {import("./grade.js").Piece & { isWrong: boolean }} Piece
 * @typedef {object} Answer
 * @property {string[]} english The words written, without </s>.
 * @property {Row[]} [weights] Of each word (S); the fixed vector has none.
 * @property {Piece[]} pieces The words, and those of the gold that are missing; without gold none is wrong.
 * @property {number} errors Changes to get the gold; 0 without gold.
 * @property {Set<string>} outlines Gold links "source,target" of the words that are right.
 * @property {number} [alignmentError] Of the weights while the translator is made to write the gold.
 */

const MOST_KNOWN = 50; // sentences

/**
 * @param {() => DataView} weights
 * @returns {(words: Word[], gold: Gold | undefined) => Record<string, Answer>} One answer a translator; those of some
 *   sentences are remembered, as a slider comes back to them.
 */
export function translations(weights) {
  /** @type {Map<string, import("../kit/tensor.js").Tensor> | undefined} */
  let tensors;
  /** @type {Map<string, Record<string, Answer>>} */
  const known = new Map();

  function read(/** @type {Word[]} */ words) {
    try {
      tensors ??= readSafetensors(weights());
    } catch (error) {
      // A poster is drawn without weights, from what the examples' translations are known to be.
      const stored = storedAnswers(words);
      if (!stored) throw error;
      return stored;
    }
  }

  return (words, gold) => {
    const asked = JSON.stringify(words);
    const before = known.get(asked);
    if (before) return before;
    const stored = read(words);
    const source = [...words.map(({ id }) => id), END];
    const found = NAMES.map((name) => {
      const written = tensors ? translate(tensors, name, source) : stored?.[name];
      const answer = graded(said(written?.words ?? []), written?.weights, gold);
      if (gold && tensors && answer.weights) {
        const target = englishIds(gold.target);
        const isGold = !answer.errors;
        const rows = isGold ? answer.weights : look(tensors, name, source, target);
        answer.alignmentError = alignmentError(rows, target.length, gold.links);
      }
      return [name, answer];
    });
    const answers = Object.fromEntries(found);
    if (known.size === MOST_KNOWN) known.clear();
    if (tensors) known.set(asked, answers);
    return answers;
  };
}

/**
 * How the translators do as the sentence grows: their errors with one clause, with two, and so on.
 * @returns {Record<string, number[]>} By the translator's name.
 */
export function growingErrors() {
  const errors = (/** @type {string} */ name) =>
    ladder.map((sentence) => {
      const words = cut(sentence);
      return compare(said(storedAnswers(words)?.[name].words ?? []), goldOf(words)?.target ?? []).errors;
    });
  return Object.fromEntries(NAMES.map((name) => [name, errors(name)]));
}

/** @type {(ids: number[]) => string[]} The words of a translation, without </s>. */
const said = (ids) => english(ids.filter((id) => id !== END));

/**
 * @param {string[]} found
 * @param {Row[] | undefined} weights
 * @param {Gold | undefined} gold
 * @returns {Answer}
 */
function graded(found, weights, gold) {
  const given = weights?.length ? weights : undefined;
  const { pieces, errors } = compare(found, gold?.target ?? found);
  const links = (gold?.links ?? []).flatMap(([source, target]) => {
    const row = pieces.find((piece) => piece.gold === target)?.found;
    return row === undefined ? [] : [`${source},${row}`];
  });
  return {
    english: found,
    weights: given,
    pieces: pieces.map((piece) => ({ ...piece, isWrong: piece.gold === undefined })),
    errors,
    outlines: new Set(links),
  };
}
