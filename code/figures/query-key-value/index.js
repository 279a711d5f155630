/** Query, key, value: drag them, and see scores, weights and output move together. */

import { choice, slider } from "../common/controls.js";
import { change, html } from "../common/elements.js";
import { defineFigure } from "../common/figure.js";
import { written } from "../common/numbers.js";
import { presetButtons } from "../common/presets.js";
import { strings } from "../common/strings.js";
import { answer } from "./model.js";
import { keysPlane, valuesPlane } from "./planes.js";
import schema from "./state.json" with { type: "json" };
import { numbers } from "./table.js";

const FAR_KEYS = [[0.8, 0.95], [3, 1.15], [0.45, 0.6], [-0.8, -1.8]];

/** Changes to the first state. */
export const presets = {
  start: {},
  equal: { keys: [[1.2, 1.6], [1.2, 1.6], [-1.8, 1], [-0.8, -1.8]] },
  far: { query: [1.5, 0.9], keys: FAR_KEYS, score: "dot" },
  cosine: { query: [1.5, 0.9], keys: FAR_KEYS, score: "cosine" },
  sharp: { temperature: 0.05 },
  soft: { temperature: 5 },
};

export default defineFigure({ name: "query-key-value", schema, build });

/** @type {(context: import("../common/figure.js").Context) => (state: import("../common/figure.js").State) => void} */
function build({ stage, state, set, say }) {
  const texts = strings("query-key-value");

  function move(/** @type {object} */ changes) {
    set(changes);
    const { weights, output } = answer(present(state()));
    const heard = weights.map((weight, i) => `${texts.key(i + 1)} ${written(weight)}`).join(", ");
    say(texts.heard(heard, texts.place(written(output[0]), written(output[1]))));
  }

  /** @type {import("./planes.js").Access} */
  function access(name, index, point) {
    const points = state()[name];
    if (point) move({ [name]: name === "query" ? point : points.with(index, point) });
    return point ?? (name === "query" ? points : points[index]);
  }

  const drawn = [keysPlane(texts, access), valuesPlane(texts, access), numbers(texts)];
  const temperature = slider({
    label: texts.temperature,
    name: "temperature",
    min: -1.31, // the slider moves the logarithm to base 10, so that 1 is one of its steps
    max: 0.7,
    step: 0.01,
    write: (exponent) => written(10 ** exponent),
    onInput: (exponent) => move({ temperature: within(Number((10 ** exponent).toPrecision(3))) }),
  });
  const score = choice({
    label: texts.score,
    name: "score",
    options: texts.scores,
    onChange: (value) => move({ score: value }),
  });
  const ready = presetButtons({
    schema,
    presets,
    texts: texts.preset,
    hint: texts.hint,
    label: texts.presets,
    set,
    say,
  });
  const [keys, values, table] = drawn.map(({ node }) => node);
  stage.append(
    html("div", { class: "pictures" }, keys, values),
    html("div", { class: "controls" }, temperature.node, score.node),
    ready.node,
    table,
  );

  return (given) => {
    const question = present(given);
    const found = answer(question);
    for (const { draw } of drawn) draw(question, found);
    temperature.set(Math.log10(question.temperature));
    change(temperature.node, { "data-name": "temperature", "data-value": question.temperature });
    score.set(question.score);
    ready.set(given);
  };
}

/** @type {(temperature: number) => number} */
const within = (temperature) =>
  Math.min(schema.properties.temperature.maximum, Math.max(schema.properties.temperature.minimum, temperature));

/** @type {(state: object) => import("./model.js").Question} The schema has seen to it. */
const present = (state) => /** @type {import("./model.js").Question} */ (state);
