/** Where the review is typed, and what there is to say about it. */

import { change, html } from "../common/elements.js";

/**
 * @param {{ label: string, most: number, tooLong: (length: number, most: number) => string,
 *   onInput: (text: string) => void }} options `most` characters are taken; a longer text is refused in words.
 * @returns {{ node: HTMLElement, set: (text: string, message: string) => void }}
 */
export function textInput({ label, most, tooLong, onInput }) {
  const said = `attn-said-${Math.random()}`;
  const message = html("p", { id: said, class: "said", role: "status" });
  const input = html("textarea", {
    rows: 2,
    lang: "en",
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": said,
    "data-control": "text",
  });
  input.addEventListener("input", () => {
    const length = [...input.value].length;
    if (length <= most) return onInput(input.value);
    change(input, { "aria-invalid": "true" });
    message.textContent = tooLong(length, most);
  });
  return {
    node: html("div", { class: "typed" }, html("label", {}, html("span", {}, label), input), message),
    set(text, given) {
      if (input.value !== text) input.value = text;
      change(input, { "aria-invalid": undefined });
      if (message.textContent !== given) message.textContent = given;
    },
  };
}
