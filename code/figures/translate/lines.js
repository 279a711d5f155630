/** The sentence and its translations, word by word; words of the sentence and of one translation can be linked. */

import { change, html } from "../common/elements.js";

/**
 * @typedef {import("./map.js").Place} Place
 * @typedef {{ text: string, name?: string, kind?: "wrong" | "missing" | "unknown", isLinked?: boolean }} Shown
 *   A word; `name` is what a screen reader says after it.
 */

const MOVES = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -Infinity, End: Infinity };

/**
 * A line of words. A line with words to link is one stop of the Tab key; the arrow keys go from word to word.
 * @param {{ name: string, label: string, language: string, side: "source" | "target",
 *   onPoint: (place: Place, isFocus: boolean) => void }} options `name` becomes `data-line`.
 * @returns {{ node: HTMLElement, draw: (words: Shown[], grade?: { text: string, errors: number }) => void,
 *   mark: (strengths: number[]) => void }} `mark` shades each linked word: 0 to 1.
 */
export function line({ name, label, language, side, onPoint }) {
  const words = html("div", { class: "words", lang: language, "aria-label": label });
  const grade = html("span", { class: "grade", "data-name": `errors-${name}` });
  const node = html("div", { class: "line", "data-line": name }, html("span", { class: "who" }, label), grade, words);
  /** @type {{ word: Shown, node: HTMLElement }[]} */
  let standing = [];
  /** @type {HTMLElement[]} */
  let linked = [];

  const point = (/** @type {Event} */ event, /** @type {boolean} */ isFocus) => {
    const place = linked.indexOf(/** @type {HTMLElement} */ (event.target));
    onPoint(place < 0 ? {} : { [side]: place }, isFocus);
  };
  words.addEventListener("pointerover", (event) => point(event, false));
  words.addEventListener("pointerleave", () => onPoint({}, false));
  words.addEventListener("focusin", (event) => point(event, true));
  words.addEventListener("click", (event) => point(event, true));
  words.addEventListener("focusout", () => onPoint({}, true));
  words.addEventListener("keydown", (event) => {
    const move = MOVES[/** @type {keyof typeof MOVES} */ (event.key)];
    const place = linked.indexOf(/** @type {HTMLElement} */ (event.target));
    if (!move || place < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = linked[Math.max(0, Math.min(linked.length - 1, place + move))];
    linked.forEach((each) => change(each, { tabindex: each === next ? 0 : -1 }));
    next.focus();
  });

  return {
    node,
    draw(shown, given) {
      // The words at the beginning that stay are kept: to make and to lay out all of them takes most of an answer.
      const changed = shown.findIndex((word, i) => !looksAlike(word, standing[i]?.word));
      const kept = standing.slice(0, changed < 0 ? shown.length : changed);
      const fresh = shown.slice(kept.length).map((word) => ({ word, node: wordNode(word) }));
      for (const old of [...words.childNodes].slice(2 * kept.length)) old.remove();
      words.append(...fresh.flatMap(({ node: each }) => [each, " "]));
      standing = [...kept, ...fresh];
      shown.forEach(({ text, name }, i) => change(standing[i].node, { "aria-label": name && `${text}, ${name}` }));
      linked = standing.filter(({ word }) => word.isLinked).map(({ node: each }) => each);
      linked.forEach((each, i) => change(each, { tabindex: i ? -1 : 0 }));
      // Without words of its own to step through, the line is plain text.
      change(words, { role: linked.length ? "toolbar" : "group" });
      grade.textContent = given?.text ?? "";
      change(grade, { "data-value": given?.errors });
    },
    mark(strengths) {
      linked.forEach((each, i) => {
        const share = Math.round(45 * (strengths[i] ?? 0));
        const style = share ? `background: color-mix(in srgb, var(--weight) ${share}%, var(--soft))` : undefined;
        change(each, { style });
      });
    },
  };
}

/** @type {(one: Shown, other: Shown | undefined) => boolean} */
const looksAlike = (one, other) =>
  one.text === other?.text && one.kind === other.kind && one.isLinked === other.isLinked;

/**
 * @param {Shown} word
 * @returns {HTMLElement}
 */
function wordNode({ text, kind, isLinked }) {
  if (kind === "missing") return html("ins", { class: "word missing" }, `[${text}]`);
  if (!isLinked) return html(kind === "wrong" ? "del" : "span", { class: `word ${kind ?? ""}` }, text);
  // No button element: posters keep elements, and a poster must not take the focus.
  return html("span", { role: "button", class: `word linked ${kind ?? ""}` }, text);
}
