/** Texts and words: how a text is cut, which words the classifiers know, and what may stand in a word's place. */

import corpus from "./corpus.json" with { type: "json" };
import OPPOSITES from "./opposites.json" with { type: "json" };

/** @typedef {{ attention: ArrayLike<number>, polarity: ArrayLike<number> }} Reading Scores of each word, (L) each. */

export const UNKNOWN = 1;

const NUM_SPECIALS = 4; // <pad>, <unk>, <s>, </s>
const IDS = new Map(corpus.words.map((word, i) => [word, NUM_SPECIALS + i]));
const OFFERED = ["good", "bad", "the", "film"];
const MOST_OFFERED = 3;

/** How many words the classifiers know. */
export const size = corpus.words.length;

// Python's \w, \W, \d and \s know all scripts; JavaScript's know fewer signs, so they are spelled out.
const [LETTER, DIGIT] = ["[\\p{L}\\p{N}_]", "\\p{Nd}"];
const SIGN = "(?:[^\\p{L}\\p{N}_\\s\\x1c-\\x1f\\x85]|\\ufeff)";
const ENDS = `(?!${LETTER})`;
const BEFORE_NOT = `${LETTER}+?(?=n't${ENDS})`;
const CLITIC = `'(?:s|m|d|re|ve|ll)${ENDS}`;
const NUMBER = `${DIGIT}+(?:[.,:]${DIGIT}+)*`;
const WHOLE = `${LETTER}+(?:[-.]${LETTER}+)*`;
const WORD = new RegExp(`${BEFORE_NOT}|n't${ENDS}|${CLITIC}|(?:${LETTER}\\.){2,}|${NUMBER}|${WHOLE}|${SIGN}`, "gu");

/**
 * Cut an English text into lower-case words, as attnbook.data.tatoeba.english_words does.
 * @param {string} text
 * @returns {string[]} "He didn't." is he, did, n't and a full stop.
 */
export function cut(text) {
  return text.toLowerCase().replace(/’/g, "'").match(WORD) ?? [];
}

/**
 * @param {string[]} words
 * @returns {number[]} Their ids; UNKNOWN for words that training had too seldom.
 */
export function encode(words) {
  return words.map((word) => IDS.get(word) ?? UNKNOWN);
}

/**
 * @param {string} [word]
 * @returns {string[]} What the figure offers in its place: its opposite, if there is one, and some that suit any.
 */
export function offered(word) {
  const opposites = OPPOSITES.flatMap(([one, other]) => (one === word ? [other] : other === word ? [one] : []));
  const others = [...opposites, ...OFFERED].filter((other) => other !== word && IDS.has(other));
  return [...new Set(others)].slice(0, MOST_OFFERED);
}

/**
 * What the examples' posters are drawn from.
 * @param {string} name
 * @param {number} scale
 * @param {string[]} words
 * @returns {Reading | undefined}
 */
export function storedReading(name, scale, words) {
  return /** @type {Record<string, Reading>} */ (corpus.readings)[[name, scale, ...words].join(" ")];
}

/**
 * @param {string} name
 * @param {number} scale
 * @returns {number} The share of validation sentences that a classifier is right on.
 */
export function accuracy(name, scale) {
  return /** @type {Record<string, Record<string, number>>} */ (corpus.accuracy)[name][scale];
}
