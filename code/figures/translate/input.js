/** Where the sentence is typed: the browser's own box with suggestions, and what there is to say about the sentence. */

import { change, html } from "../common/elements.js";
import { suggest } from "./corpus.js";

/**
 * @param {{ label: string, most: number, tooLong: (length: number, most: number) => string,
 *   onInput: (text: string) => void }} options `most` characters are taken; a longer text is refused in words.
 * @returns {{ node: HTMLElement, set: (text: string, message: string) => void }}
 */
export function sentenceInput({ label, most, tooLong, onInput }) {
  const [list, said] = ["suggestions", "said"].map((name) => `attn-${name}-${Math.random()}`);
  const suggestions = html("datalist", { id: list });
  const message = html("p", { id: said, class: "said", role: "status" });
  const input = html("input", {
    type: "text",
    lang: "zh",
    list,
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": said,
    "data-control": "sentence",
  });

  function take() {
    const length = [...input.value].length;
    if (length <= most) return onInput(input.value);
    change(input, { "aria-invalid": "true" });
    message.textContent = tooLong(length, most);
  }

  // An input method writes letters into the box until it has a character.
  input.addEventListener("input", (event) => {
    if (!(/** @type {InputEvent} */ (event).isComposing)) take();
  });
  input.addEventListener("compositionend", take);

  return {
    node: html("div", { class: "typed" }, html("label", {}, html("span", {}, label), input), suggestions, message),
    set(text, given) {
      if (input.value !== text) input.value = text;
      change(input, { "aria-invalid": undefined });
      if (message.textContent !== given) message.textContent = given;
      suggestions.replaceChildren(...suggest(text).map(({ value, label: named }) => html("option", { value }, named)));
    },
  };
}
