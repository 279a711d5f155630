/** What the reader changes by hand: words are left out or swapped, then weights are taken away or moved. */

import { cut } from "./words.js";

/**
 * @typedef {{ kind: "delete" | "zero", place: number } | { kind: "swap", place: number, word: string } |
 *   { kind: "move", place: number, to: number }} Edit As in state.json; places count the words of the text as typed.
 */

/** @type {(edit: Edit) => boolean} Does the text itself change, or the weights alone? */
const isOfText = ({ kind }) => kind === "delete" || kind === "swap";

/**
 * @param {Edit[]} edits
 * @param {number} length Words of the text.
 * @throws {RangeError} An edit of a word that is not there, a swap for nothing or for several words, or weight that
 *   goes to a deleted word.
 */
export function checkEdits(edits, length) {
  const deleted = edits.flatMap(({ kind, place }) => (kind === "delete" ? [place] : []));
  for (const edit of edits) {
    const place = edit.kind === "move" ? Math.max(edit.place, edit.to) : edit.place;
    if (place >= length) throw new RangeError(`edits: there is no word ${place}; the text has ${length}, from 0 on`);
    if (edit.kind === "move" && deleted.includes(edit.to)) {
      throw new RangeError(`edits: word ${edit.to} is deleted and takes no weight`);
    }
    if (edit.kind === "swap" && cut(edit.word).length !== 1) {
      throw new RangeError(`edits: one word can be put in; got ${JSON.stringify(edit.word)}`);
    }
  }
}

/**
 * @param {string[]} words
 * @param {Edit[]} edits
 * @returns {(string | undefined)[]} What stands at each place; nothing where a word is deleted.
 */
export function editedWords(words, edits) {
  /** @type {(string | undefined)[]} */
  const edited = [...words];
  for (const edit of edits) {
    if (edit.kind === "delete") edited[edit.place] = undefined;
    if (edit.kind === "swap") edited[edit.place] = cut(edit.word)[0];
  }
  return edited;
}

/**
 * @param {ArrayLike<number>} weights Of each place.
 * @param {Edit[]} edits
 * @returns {number[]} A weight set to 0 is shared by the others, in proportion: as if attention might not look there.
 */
export function editedWeights(weights, edits) {
  let edited = Array.from(weights);
  for (const edit of edits) {
    if (isOfText(edit)) continue;
    const { place } = edit;
    const taken = edited[place];
    edited[place] = 0;
    if (edit.kind === "move") edited[edit.to] += taken;
    else {
      const rest = edited.reduce((sum, weight) => sum + weight, 0);
      edited = edited.map((weight) => (rest ? weight / rest : 0));
    }
  }
  return edited;
}

/** @type {(edit: Edit) => string} */
const key = (edit) => [edit.kind, edit.place, "word" in edit && edit.word, "to" in edit && edit.to].join();

/**
 * Make an edit, or take it back where it stands already. A word has one edit of its text and one of its weight.
 * @param {Edit[]} edits
 * @param {Edit} edit
 * @returns {Edit[]}
 */
export function toggled(edits, edit) {
  const isSame = (/** @type {Edit} */ other) => key(other) === key(edit);
  const isReplaced = (/** @type {Edit} */ other) => other.place === edit.place && isOfText(other) === isOfText(edit);
  // A word that is gone neither gives weight nor gets any.
  const isMoot = (/** @type {Edit} */ other) =>
    edit.kind === "delete" && (other.place === edit.place || (other.kind === "move" && other.to === edit.place));
  const kept = edits.filter((other) => !isReplaced(other) && !isMoot(other));
  return edits.some(isSame) ? edits.filter((other) => !isSame(other)) : [...kept, edit];
}
