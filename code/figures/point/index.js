/** Point: two classifiers weigh the words of a review; words and weights can be changed by hand. */

import { slider } from "../common/controls.js";
import { html } from "../common/elements.js";
import { defineFigure } from "../common/figure.js";
import { presetButtons } from "../common/presets.js";
import { strings } from "../common/strings.js";
import { answers } from "./answers.js";
import { checkEdits, toggled } from "./edits.js";
import examples from "./examples.json" with { type: "json" };
import { textInput } from "./input.js";
import { drawing } from "./pictures.js";
import schema from "./state.json" with { type: "json" };
import { UNKNOWN, cut, encode, size } from "./words.js";

/** Changes to the first state. */
export const presets = examples;

const SCALES = schema.properties.scale.enum;

export default defineFigure({ name: "point", schema, build });

/** @type {(context: import("../common/figure.js").Context) => (state: import("../common/figure.js").State) => void} */
function build({ stage, state, set, say, weights }) {
  const texts = strings("point");
  const answer = answers(weights);
  const input = textInput({
    label: texts.text,
    most: schema.properties.text.maxLength,
    tooLong: texts.tooLong,
    onInput: (text) => move({ text, edits: [] }),
  });
  const scale = slider({
    label: texts.scale,
    name: "scale",
    min: 0,
    max: SCALES.length - 1,
    step: 1,
    write: (place) => `λ = ${SCALES[place].toLocaleString("en").replace(",", " ")}`,
    onInput: (place) => move({ scale: SCALES[place] }),
  });
  const pictures = drawing(texts, {
    edit: (change) => move({ edits: toggled(state().edits, change) }),
    reset: () => move({ edits: [] }),
  });
  const ready = presetButtons({
    schema,
    presets,
    texts: texts.preset,
    hint: texts.hint,
    label: texts.presets,
    set,
    say: (note) => say(`${note} ${pictures.summary()}`),
  });
  stage.append(input.node, ready.node, html("div", { class: "controls" }, scale.node), pictures.node, pictures.below);

  function move(/** @type {Record<string, any>} */ changes) {
    set(changes);
    say(pictures.summary());
  }

  return (given) => {
    const words = cut(given.text);
    checkEdits(given.edits, words.length);
    const found = words.length ? answer(words, given.scale, given.edits) : {};
    input.set(given.text, message(texts, words));
    scale.set(SCALES.indexOf(given.scale));
    pictures.draw({ words, scale: given.scale, edits: given.edits, answers: found });
    ready.set(given);
  };
}

/**
 * @param {ReturnType<typeof strings<"point">>} texts
 * @param {string[]} words
 * @returns {string} What there is to say about a text.
 */
function message(texts, words) {
  if (!words.length) return texts.empty;
  const ids = encode(words);
  const unknown = words.filter((_, i) => ids[i] === UNKNOWN);
  return unknown.length ? texts.unknownWords([...new Set(unknown)], size) : texts.trained;
}
