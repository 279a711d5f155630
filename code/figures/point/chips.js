/** A text word by word: above each word its weight as a bar, below it its polarity score. One stop of the Tab key. */

import { change, html } from "../common/elements.js";
import { signed, writeSide } from "./signs.js";

/**
 * @typedef {ReturnType<typeof import("../common/strings.js").strings<"point">>} Texts
 * @typedef {{ typed: string, word?: string, isUnknown: boolean, before: number, weight: number,
 *   polarity: number }} Chip A word as it was typed, and what stands there now (nothing where it is deleted); its weight
 *   before and now.
 * @typedef {"select" | "delete" | "zero" | "move" | "leave"} Action
 * @typedef {{ onPoint: (place: number | undefined, isFocus: boolean) => void,
 *   onAction: (action: Action, place: number, name: string) => void }} Calls
 */

const MOVES = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -Infinity, End: Infinity };
/** @type {Record<string, Action>} */
const KEYS = { Enter: "select", " ": "select", Delete: "delete", 0: "zero", m: "move", M: "move", Escape: "leave" };
const SHADE = 50; // percent of the weight 1's colour: the word stays readable

/**
 * @param {Texts} texts
 * @param {string} name Of the classifier.
 * @param {Calls} calls
 * @returns {{ node: HTMLElement, draw: (chips: Chip[]) => void, focus: (place: number) => void,
 *   mark: (places: { pointed?: number, selected?: number }) => void }}
 */
export function chipRow(texts, name, { onPoint, onAction }) {
  const label = texts.wordsOf(texts.names[name].short);
  const node = html("div", { class: "chips", role: "toolbar", "aria-label": label, lang: "en" });
  /** @type {ReturnType<typeof chipNode>[]} */
  let chips = [];
  const placeOf = (/** @type {Event} */ event) => {
    const place = chips.findIndex((chip) => chip.node.contains(/** @type {Node} */ (event.target)));
    return place < 0 ? undefined : place;
  };

  function focus(/** @type {number} */ place) {
    chips.forEach((chip, i) => change(chip.node, { tabindex: i === place ? 0 : -1 }));
    chips[place].node.focus();
  }

  node.addEventListener("pointerover", (event) => onPoint(placeOf(event), false));
  node.addEventListener("pointerleave", () => onPoint(undefined, false));
  node.addEventListener("focusin", (event) => onPoint(placeOf(event), true));
  node.addEventListener("focusout", () => onPoint(undefined, true));
  node.addEventListener("click", (event) => {
    const place = placeOf(event);
    if (place === undefined) return;
    focus(place);
    onAction("select", place, name);
  });
  node.addEventListener("keydown", (event) => {
    const [place, move] = [placeOf(event), MOVES[/** @type {keyof typeof MOVES} */ (event.key)]];
    const action = KEYS[event.key];
    if (place === undefined || !(move || action) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (move) focus(Math.max(0, Math.min(chips.length - 1, place + move)));
    else onAction(action, place, name);
  });

  return {
    node,
    focus,
    draw(given) {
      // Chips that stand stay: they keep the focus, and their bars grow and shrink.
      if (given.length !== chips.length) {
        chips = given.map((_, place) => chipNode(texts, name, place));
        node.replaceChildren(...chips.map((chip) => chip.node));
      }
      chips.forEach((chip, i) => chip.draw(given[i]));
    },
    mark({ pointed, selected }) {
      chips.forEach(({ node: each }, i) => {
        each.classList.toggle("pointed", i === pointed);
        change(each, { "aria-pressed": String(i === selected) });
      });
    },
  };
}

/**
 * @param {Texts} texts
 * @param {string} name
 * @param {number} place
 * @returns {{ node: HTMLElement, draw: (chip: Chip) => void }}
 */
function chipNode(texts, name, place) {
  const bar = html("span", { class: "height", "data-name": `weight-${name}:${place}` });
  const ghost = html("span", { class: "ghost" });
  const text = html("span", { class: "word" });
  const spoken = html("span", { class: "spoken" });
  const sign = html("span", { class: "sign", "data-name": `polarity-${name}:${place}` });
  // No button element: posters keep elements, and a poster must not take the focus.
  const attributes = { class: "chip", role: "button", tabindex: place ? -1 : 0, "data-place": place };
  return {
    node: html("span", attributes, html("span", { class: "tower" }, bar, ghost), text, spoken, sign),
    draw({ typed, word, isUnknown, before, weight, polarity }) {
      const isMoved = Math.abs(before - weight) >= 0.0005;
      change(bar, { style: `height: ${(100 * weight).toFixed(2)}%`, "data-value": weight });
      change(ghost, { style: `bottom: ${(100 * before).toFixed(2)}%`, hidden: !isMoved });
      const share = Math.round(SHADE * weight);
      change(text, { style: `background: color-mix(in srgb, var(--weight) ${share}%, var(--soft))` });
      text.classList.toggle("unknown", isUnknown);
      const old = html("del", { "aria-hidden": word === undefined ? undefined : "true" }, typed);
      text.replaceChildren(...(word === typed ? [typed] : [old, word ?? ""]));
      spoken.textContent = texts.chip({ typed, word, isUnknown, weight });
      writeSide(sign, word === undefined ? "" : signed(polarity, 1), polarity, Math.round(10 * polarity));
    },
  };
}
