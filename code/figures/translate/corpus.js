/** What the figure knows of the corpus: its words, which of them may follow, and the gold of some sentences. */

import corpus from "./corpus.json" with { type: "json" };
import { UNKNOWN } from "./model.js";

/**
 * @typedef {{ text: string, id: number }} Word A word as it was typed, and its id; unknown ones have UNKNOWN.
 * @typedef {{ target: string[], links: number[][] }} Gold A sentence's translation, and its links (source, target).
 * @typedef {{ value: string, label: string }} Suggestion A longer sentence, and what it adds.
 */

const SPECIALS = ["<pad>", "<unk>", "<s>", "</s>"];
const SOURCE = [...SPECIALS, ...corpus.source];
const TARGET = [...SPECIALS, ...corpus.target];
const IDS = new Map(corpus.source.map((word, i) => [word, SPECIALS.length + i]));
const LONGEST = Math.max(...corpus.source.map((word) => word.length));
const MOST_SUGGESTIONS = 10;

/** @type {{ examples: Record<string, string>, ladder: string[], trainedClauses: number, size: number }} Sentences to
 * show: by name; one with 1, 2, and so on clauses; the most clauses in training; and how many words there are. */
export const { examples, ladder, trainedClauses, size } = { ...corpus, size: corpus.source.length };

/**
 * Cut a text into the corpus's words, the longest that fits first; what stands between them is one unknown word.
 * @param {string} text Spaces cut as well; a mark at the end is left out.
 * @returns {Word[]}
 */
export function cut(text) {
  const pieces = text.replace(/[。．.？?！!\s]+$/u, "").replace(/,/g, "，").split(/\s+/u);
  return pieces.flatMap((piece) => {
    /** @type {Word[]} */
    const words = [];
    for (let place = 0; place < piece.length; ) {
      const known = longest(piece, place);
      const last = words.at(-1);
      if (known) words.push({ text: known, id: IDS.get(known) ?? UNKNOWN });
      else if (last?.id === UNKNOWN) last.text += piece[place];
      else words.push({ text: piece[place], id: UNKNOWN });
      place += known.length || 1;
    }
    return words;
  });
}

/**
 * @param {string} text
 * @param {number} place
 * @returns {string} The longest word that begins there; empty if none does.
 */
function longest(text, place) {
  for (let length = LONGEST; length > 0; length--) {
    const part = text.slice(place, place + length);
    if (part.length === length && IDS.has(part)) return part;
  }
  return "";
}

/**
 * How a sentence may go on: words that begin as its last one does, then words that often follow it.
 * @param {string} text
 * @returns {Suggestion[]} None after an unknown word.
 */
export function suggest(text) {
  const words = cut(text);
  const { text: last, id } = words.at(-1) ?? { text: "", id: UNKNOWN };
  const begun = text.trimEnd();
  const longer = last ? corpus.source.filter((word) => word !== last && word.startsWith(last)) : [];
  const next = last && id === UNKNOWN ? [] : corpus.followers[id].map((following) => SOURCE[following]);
  const endings = [
    ...longer.map((word) => ({ word, value: begun.slice(0, begun.length - last.length) + word })),
    ...next.map((word) => ({ word, value: joined(begun, words, word) })),
  ];
  return endings.slice(0, MOST_SUGGESTIONS).map(({ word, value }) => ({ value, label: named(word) }));
}

/**
 * @param {string} text
 * @param {Word[]} words Of the text.
 * @param {string} word
 * @returns {string} The text with the word behind it, and a space between where they would be cut elsewhere.
 */
function joined(text, words, word) {
  const together = cut(text + word);
  const isCutThere = together.length === words.length + 1 && together.at(-1)?.text === word;
  return isCutThere ? text + word : `${text} ${word}`;
}

/** @type {(word: string) => string} With its most common meaning, where it has one of its own. */
const named = (word) => `${word} ${corpus.meanings[corpus.source.indexOf(word)]}`.trimEnd();

/**
 * @param {number[]} ids
 * @returns {string[]} English words.
 */
export function english(ids) {
  return ids.map((id) => TARGET[id]);
}

/**
 * @param {string[]} words English words of the corpus.
 * @returns {number[]}
 */
export function englishIds(words) {
  return words.map((word) => TARGET.indexOf(word));
}

/**
 * @param {Word[]} words
 * @returns {Gold | undefined} Where the corpus has prepared the sentence.
 */
export function goldOf(words) {
  return /** @type {Record<string, Gold>} */ (corpus.gold)[key(words)];
}

/**
 * The translations of the examples and of the sentence that grows: posters are drawn from them.
 * @param {Word[]} words
 * @returns {Record<string, { words: number[], weights?: number[][] }> | undefined}
 */
export function storedAnswers(words) {
  return /** @type {Record<string, any>} */ (corpus.answers)[key(words)];
}

/** @type {(words: Word[]) => string} */
const key = (words) => words.map(({ text }) => text).join(" ");
