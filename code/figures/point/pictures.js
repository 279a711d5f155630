/** Both classifiers side by side, and below them what can be done to the chosen word. */

import { html } from "../common/elements.js";
import { written } from "../common/numbers.js";
import { actions } from "./actions.js";
import { editedWords } from "./edits.js";
import { NAMES } from "./model.js";
import { panel } from "./panel.js";
import { signed } from "./signs.js";
import { STYLE } from "./style.js";
import { UNKNOWN, accuracy, cut, encode } from "./words.js";

/**
 * @typedef {import("./chips.js").Texts} Texts
 * @typedef {import("./chips.js").Chip} Chip
 * @typedef {import("./edits.js").Edit} Edit
 * @typedef {import("./answers.js").Answer} Answer
 * @typedef {{ words: string[], scale: number, edits: Edit[], answers: Record<string, Answer> }} Seen What is on show:
 *   the text's words as typed; answers by the classifier's name, none for an empty text.
 */

/**
 * @param {Texts} texts
 * @param {{ edit: (edit: Edit) => void, reset: () => void }} calls
 * @returns {{ node: HTMLElement, below: HTMLElement, draw: (seen: Seen) => void, summary: () => string }} The pictures,
 *   what stands below them, and what is heard of them.
 */
export function drawing(texts, { edit, reset }) {
  /** @type {Seen} */
  let seen = { words: [], scale: 1, edits: [], answers: {} };
  // What the pointer is on counts, else what has the focus. The chosen word, and whether its weight is being moved.
  /** @type {{ focused?: number, pointed?: number, selected?: number, isMoving: boolean }} */
  let at = { isMoving: false };
  let used = NAMES[0]; // the panel that the reader turned to last

  const panels = NAMES.map((name) => ({ name, ...panel(texts, name, { onPoint, onAction }) }));
  const tools = actions(texts, {
    edit: (kind) => at.selected !== undefined && edit({ kind, place: at.selected }),
    swap,
    reset,
    move() {
      const place = at.selected ?? 0;
      if (!at.isMoving && !takenBack(place)) {
        at.isMoving = true;
        panels[NAMES.indexOf(used)].row.focus(place); // from here the arrow keys go to the word that gets the weight
      } else at.isMoving = false;
      mark();
    },
  });
  function onPoint(/** @type {number | undefined} */ place, /** @type {boolean} */ isFocus) {
    at[isFocus ? "focused" : "pointed"] = place;
    mark();
  }

  /** @type {import("./chips.js").Calls["onAction"]} */
  function onAction(action, place, name) {
    used = name;
    const from = at.selected;
    const isMove = at.isMoving && action === "select" && from !== undefined;
    const isDeleted = seen.edits.some((made) => made.kind === "delete" && made.place === place);
    at.isMoving = action === "move" && !isDeleted && !takenBack(place);
    if (isMove) {
      if (place !== from && !isDeleted) edit({ kind: "move", place: from, to: place });
    } else if (action === "select") at.selected = from === place ? undefined : place;
    else at.selected = action === "leave" ? undefined : place;
    if (action === "delete" || (action === "zero" && !isDeleted)) edit({ kind: action, place });
    mark();
  }

  /** @type {(place: number) => boolean} Was the weight moved already? Then it goes back. */
  function takenBack(place) {
    const made = seen.edits.find((other) => other.kind === "move" && other.place === place);
    if (made) edit(made);
    return Boolean(made);
  }

  /** @type {(typed: string) => boolean} */
  function swap(typed) {
    const words = cut(typed);
    if (words.length !== 1 || at.selected === undefined) return false;
    edit({ kind: "swap", place: at.selected, word: words[0] });
    return true;
  }

  function mark() {
    const { pointed, focused, selected, isMoving } = at;
    const place = pointed ?? focused ?? selected;
    for (const { name, row, tell } of panels) {
      row.mark({ pointed: place, selected });
      tell(place === undefined || !(place in seen.words) ? texts.sum : told(texts, seen, name, place));
    }
    const typed = selected === undefined ? undefined : seen.words[selected];
    tools.draw(typed === undefined ? undefined : { place: selected ?? 0, typed, isMoving }, seen.edits);
  }

  return {
    node: html("div", { class: "pictures" }, html("style", {}, STYLE), ...panels.map(({ node }) => node)),
    below: html("div", {}, tools.node, html("p", { class: "note" }, texts.about)),
    draw(given) {
      if (String(given.words) !== String(seen.words)) at = { isMoving: false };
      seen = given;
      for (const { name, draw } of panels) {
        draw(chips(given, name), given.answers[name], given.edits.length > 0, accuracy(name, given.scale));
      }
      mark();
    },
    summary: () => (seen.words.length ? texts.heard(heard(texts, seen)) : texts.empty),
  };
}

/**
 * @param {Seen} seen
 * @param {string} name
 * @returns {Chip[]}
 */
function chips({ words, edits, answers }, name) {
  if (!words.length) return [];
  const edited = editedWords(words, edits);
  const ids = encode(edited.map((word) => word ?? ""));
  const { before, now } = answers[name];
  return words.map((typed, i) => ({
    typed,
    word: edited[i],
    isUnknown: ids[i] === UNKNOWN && edited[i] !== undefined,
    before: before.weights[i],
    weight: now.weights[i],
    polarity: now.polarity[i],
  }));
}

/**
 * @param {Texts} texts
 * @param {Seen} seen
 * @param {string} name
 * @param {number} place
 * @returns {string} What a word adds to the score of a classifier.
 */
function told(texts, { words, edits, answers }, name, place) {
  const word = editedWords(words, edits)[place];
  if (word === undefined) return texts.deleted(words[place]);
  const { weights, polarity } = answers[name].now;
  const product = weights[place] * polarity[place];
  return texts.adds(word, written(weights[place]), signed(polarity[place]), signed(product));
}

/**
 * @param {Texts} texts
 * @param {Seen} seen
 * @returns {string[]} What is heard of each classifier.
 */
function heard(texts, { edits, answers }) {
  return NAMES.map((name) => {
    const [now, before] = [answers[name].now, answers[name].before].map(({ probability }) => texts.side(probability));
    return `${texts.names[name].short}: ${now}${edits.length ? `, ${texts.verdict.before}${before}` : ""}`;
  });
}
