/** Native controls with their names: the keyboard and the screen reader know them already. */

import { change, html } from "./elements.js";

/**
 * A slider that says its value.
 * @param {{ label: string, min: number, max: number, step: number, name: string,
 *   write: (value: number) => string, onInput: (value: number) => void }} options
 *   `name` becomes `data-control`; `write` makes the text of a value.
 * @returns {{ node: HTMLElement, set: (value: number) => void }}
 */
export function slider({ label, min, max, step, name, write, onInput }) {
  const input = html("input", { type: "range", min, max, step, "data-control": name });
  const value = html("span", { class: "value", "aria-hidden": "true" });
  input.addEventListener("input", () => onInput(Number(input.value)));
  return {
    node: html("label", { class: "slider" }, html("span", { class: "label" }, label), input, value),
    set(given) {
      input.value = String(given);
      value.textContent = write(given);
      change(input, { "aria-valuetext": write(given) });
    },
  };
}

/**
 * One of a few: radio buttons, drawn side by side.
 * @param {{ label: string, name: string, options: [value: string, text: string][],
 *   onChange: (value: string) => void }} options
 * @returns {{ node: HTMLElement, set: (value: string) => void }}
 */
export function choice({ label, name, options, onChange }) {
  const group = `attn-choice-${Math.random()}`; // each figure is a bundle of its own: counters would meet
  const inputs = options.map(([value]) => html("input", { type: "radio", name: group, value }));
  const labels = options.map(([, text], i) => html("label", {}, inputs[i], html("span", {}, text)));
  for (const input of inputs) input.addEventListener("change", () => onChange(input.value));
  return {
    node: html("fieldset", { class: "choice", "data-control": name }, html("legend", {}, label), ...labels),
    set(given) {
      for (const input of inputs) input.checked = input.value === given;
    },
  };
}

/**
 * A button.
 * @param {{ text: string, name: string, onClick: () => void }} options
 * @returns {HTMLElement}
 */
export function button({ text, name, onClick }) {
  const node = html("button", { type: "button", "data-control": name }, text);
  node.addEventListener("click", onClick);
  return node;
}
