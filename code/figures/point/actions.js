/** What can be done to the chosen word: each button makes a change, and takes it back when the change stands. */

import { button } from "../common/controls.js";
import { change, html } from "../common/elements.js";
import { offered } from "./words.js";

/**
 * @typedef {import("./chips.js").Texts} Texts
 * @typedef {import("./edits.js").Edit} Edit
 * @typedef {{ place: number, typed: string, isMoving: boolean }} Chosen
 */

/**
 * @param {Texts} texts
 * @param {{ edit: (kind: "delete" | "zero") => void, swap: (word: string) => boolean, move: () => void,
 *   reset: () => void }} calls `swap` says whether it could.
 * @returns {{ node: HTMLElement, draw: (chosen: Chosen | undefined, edits: Edit[]) => void }}
 */
export function actions(texts, { edit, swap, move, reset }) {
  const named = html("span", { class: "chosen" });
  const buttons = {
    delete: button({ text: texts.actions.delete, name: "delete", onClick: () => edit("delete") }),
    zero: button({ text: texts.actions.zero, name: "zero", onClick: () => edit("zero") }),
    move: button({ text: texts.actions.move, name: "move", onClick: move }),
  };
  const keys = { delete: "Delete", zero: "0", move: "M" };
  for (const [kind, key] of Object.entries(keys)) {
    change(buttons[/** @type {keyof typeof keys} */ (kind)], { "aria-keyshortcuts": key, title: texts.key(key) });
  }
  const words = html("span", { class: "words" });
  const other = wordInput(texts, (word) => {
    const isOne = swap(word);
    hint.textContent = isOne ? "" : texts.oneWord;
    return isOne;
  });
  const swaps = html("div", { class: "swaps" }, html("span", {}, texts.actions.swap), words, other.node);
  const hint = html("span", { class: "hint", role: "status" });
  const again = button({ text: texts.actions.reset, name: "reset", onClick: reset });
  const first = html("div", { class: "tools" }, named, ...Object.values(buttons), again);
  const second = html("div", { class: "tools" }, swaps, hint);
  /** @type {string[]} */
  let shown = [];

  /** @type {(words: string[]) => void} */
  function offer(given) {
    if (String(given) === String(shown)) return;
    shown = given;
    words.replaceChildren(
      ...given.map((word) => button({ text: word, name: `swap-${word}`, onClick: () => swap(word) })),
    );
  }

  return {
    node: html("div", { class: "actions" }, first, second),
    draw(chosen, edits) {
      const own = edits.filter(({ place }) => place === chosen?.place);
      const isDeleted = own.some(({ kind }) => kind === "delete");
      const swapped = own.flatMap((made) => (made.kind === "swap" ? [made.word] : []))[0];
      offer(offered(chosen?.typed));
      named.textContent = chosen ? texts.quoted(chosen.typed) : texts.choose;
      swaps.hidden = Boolean(chosen?.isMoving);
      hint.textContent = chosen?.isMoving ? texts.moving(chosen.typed) : "";
      for (const [kind, node] of Object.entries(buttons)) {
        const isMade = own.some((made) => made.kind === kind) || (kind === "move" && chosen?.isMoving);
        const isMoot = !chosen || (isDeleted && kind !== "delete");
        change(node, { "aria-pressed": String(isMade), disabled: isMoot });
      }
      for (const node of words.children) {
        change(node, { "aria-pressed": String(node.textContent === swapped), disabled: !chosen });
      }
      other.set(chosen?.place, swapped !== undefined && !shown.includes(swapped) ? swapped : "");
      change(again, { "aria-disabled": String(edits.length === 0) }); // it may have the focus, so it is not disabled
    },
  };
}

/**
 * A box for a word of the reader's own.
 * @param {Texts} texts
 * @param {(word: string) => boolean} swap
 * @returns {{ node: HTMLElement, set: (place: number | undefined, word: string) => void }}
 */
function wordInput(texts, swap) {
  const input = html("input", {
    type: "text",
    lang: "en",
    maxlength: 40,
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    placeholder: texts.actions.own,
    "aria-label": texts.actions.ownLabel,
    "data-control": "swap",
  });
  let shown = "";
  input.addEventListener("change", () => {
    const typed = input.value.trim();
    if (typed === shown) return;
    change(input, { "aria-invalid": swap(typed || shown) ? undefined : "true" }); // emptied: the swap is taken back
  });
  return {
    node: input,
    set(place, word) {
      change(input, { disabled: place === undefined });
      const now = `${place} ${word}`;
      if (input.dataset.shown !== now) input.value = word;
      [input.dataset.shown, shown] = [now, word];
    },
  };
}
