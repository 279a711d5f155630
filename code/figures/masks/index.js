/** Masks: who may look at whom, and what becomes of the weights. */

import { choice, slider } from "../common/controls.js";
import { html } from "../common/elements.js";
import { defineFigure } from "../common/figure.js";
import { written } from "../common/numbers.js";
import { presetButtons } from "../common/presets.js";
import { strings } from "../common/strings.js";
import { editable, weightGrid } from "./grid.js";
import { SCORES, SIZE, habitSoftmax, maskOf, maskedSoftmax, ruleOf } from "./model.js";
import schema from "./state.json" with { type: "json" };

/** @typedef {import("./model.js").Rule} Rule */

/** @type {Rule} */
const OPEN = { kind: "none", length: SIZE, before: 1, after: 0 };
const REAL = 4; // tokens that are no padding

/** Changes to the defaults. */
export const presets = {
  none: { allowed: maskOf(OPEN), row: 2 },
  padding: { allowed: maskOf({ ...OPEN, length: REAL }), row: 2 },
  causal: { allowed: maskOf({ ...OPEN, kind: "causal" }), row: 2 },
  window: { allowed: maskOf({ ...OPEN, kind: "window", after: 1 }), row: 2 },
  empty: {}, // padding and a window of one key before: the last query is left with nothing
};

export default defineFigure({
  name: "masks",
  schema,
  build({ stage, state, set, say }) {
    const texts = strings("masks");
    const { presets: label, preset, hint, tokens, spoken } = texts;
    const examples = presetButtons({ schema, presets, texts: preset, hint, label, set, say });
    const explained = html("p", { class: "note explained" });
    const onRow = (/** @type {number} */ row) => row !== state().row && set({ row });
    const ours = weightGrid({ ...texts.ours, words: texts, name: "weight", onRow });
    const habit = weightGrid({ ...texts.habit, words: texts, name: "habit", onRow });
    const name = editable(ours, { toggle, select: onRow });
    const rules = ruleControls(texts, (rule) => {
      set({ allowed: maskOf(rule) });
      say(explained.textContent ?? "");
    });
    const pictures = html("div", { class: "pictures" }, ours.node, habit.node);
    stage.append(examples.node, pictures, explained, ...rules.nodes);

    function toggle(/** @type {number} */ row, /** @type {number} */ column) {
      const allowed = state().allowed.map((/** @type {boolean[]} */ line) => [...line]);
      allowed[row][column] = !allowed[row][column];
      set({ allowed, row });
      say(explained.textContent ?? "");
    }

    return ({ allowed, row }) => {
      const weights = maskedSoftmax(SCORES, allowed);
      ours.draw(allowed, weights, row);
      habit.draw(allowed, habitSoftmax(SCORES, allowed), row);
      name((i, j) => {
        const isAllowed = allowed[i][j];
        const weight = written(weights[i][j], isAllowed ? 2 : 0);
        return { label: texts.cell(spoken[i], spoken[j], isAllowed, weight), allowed: isAllowed };
      });
      const seen = tokens.map((token, j) => `“${token}” ${written(weights[row][j])}`).filter((_, j) => allowed[row][j]);
      explained.textContent = seen.length ? texts.seen(tokens[row], seen) : texts.nothing(tokens[row], SIZE);
      rules.set(allowed);
      examples.set({ allowed, row });
    };
  },
});

/**
 * The controls that make a mask by a rule. They follow the mask; for one made by hand no kind is marked.
 * @param {ReturnType<typeof strings<"masks">>} texts
 * @param {(rule: Rule) => void} onRule
 */
function ruleControls(texts, onRule) {
  let rule = OPEN;
  const apply = (/** @type {Partial<Rule>} */ changes) => onRule((rule = { ...rule, ...changes }));
  const kinds = choice({
    label: texts.kind,
    name: "kind",
    options: texts.kinds,
    onChange: (kind) => apply({ kind: /** @type {Rule["kind"]} */ (kind) }),
  });
  const sizes = /** @type {const} */ (["length", "before", "after"]).map((size) => ({
    size,
    control: slider({
      label: texts.sizes[size],
      min: 0,
      max: size === "length" ? SIZE : SIZE - 1,
      step: 1,
      name: size,
      write: (value) => (size === "length" ? texts.of(value, SIZE) : String(value)),
      onInput: (value) => apply(size === "length" ? { length: value } : { [size]: value, kind: "window" }),
    }),
  }));

  function set(/** @type {boolean[][]} */ allowed) {
    const found = ruleOf(allowed, rule);
    rule = found ?? rule;
    kinds.set(found?.kind ?? "");
    for (const { size, control } of sizes) control.set(rule[size]);
  }
  const rows = [[kinds.node], sizes.map(({ control }) => control.node)];
  return { nodes: rows.map((row) => html("div", { class: "controls" }, ...row)), set };
}
