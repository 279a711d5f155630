/** States worth seeing: buttons, and under them one sentence on what to see in the present one. */

import { button } from "./controls.js";
import { change, html } from "./elements.js";

/**
 * Buttons that set a state. A note stands as long as its state does; for any other state, the hint.
 * @template {string} Name
 * @param {{ schema: { properties: Record<string, { default: any }> }, presets: Record<Name, Record<string, any>>,
 *   texts: Record<NoInfer<Name>, { text: string, note: string }>, hint: string, label: string,
 *   set: (changes: Record<string, any>) => void, say: (text: string) => void }} options
 *   `presets`: the changes to the schema's defaults; `texts`: the button's text and the note of each; `label` names
 *   the group.
 * @returns {{ node: HTMLElement, set: (state: Record<string, any>) => void }}
 */
export function presetButtons({ schema, presets, texts, hint, label, set, say }) {
  const first = Object.entries(schema.properties).map(([key, { default: value }]) => [key, value]);
  const names = /** @type {Name[]} */ (Object.keys(presets));
  const states = names.map((name) => ({ ...Object.fromEntries(first), ...presets[name] }));
  const buttons = names.map((name, i) =>
    button({
      text: texts[name].text,
      name: `preset-${name}`,
      onClick() {
        set(states[i]);
        say(texts[name].note);
      },
    }),
  );
  // All notes lie on top of each other: the place is as high as the longest, and nothing moves.
  const notes = [...names.map((name) => texts[name].note), hint].map((text) => html("p", {}, text));
  const row = html("div", { class: "presets", role: "group", "aria-label": label }, ...buttons);
  return {
    node: html("div", {}, row, html("div", { class: "notes" }, ...notes)),
    set(given) {
      const shown = states.findIndex((state) => Object.keys(state).every((key) => same(state[key], given[key])));
      buttons.forEach((node, i) => change(node, { "aria-pressed": String(i === shown) }));
      notes.forEach((node, i) => node.classList.toggle("now", i === (shown < 0 ? names.length : shown)));
    },
  };
}

/** @type {(left: unknown, right: unknown) => boolean} */
const same = (left, right) => JSON.stringify(left) === JSON.stringify(right);
