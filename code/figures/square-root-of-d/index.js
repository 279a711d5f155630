/** Why divide by √d: the same scores with and without the division, in 2 to 512 dimensions. */

import { button, slider } from "../common/controls.js";
import { change, html } from "../common/elements.js";
import { defineFigure } from "../common/figure.js";
import { show, written } from "../common/numbers.js";
import { presetButtons } from "../common/presets.js";
import { strings } from "../common/strings.js";
import { KEYS, MOST, STOPS, drawScores, gradientCurve, measure } from "./model.js";
import { gradientPicture, histogram, weightBars } from "./pictures.js";
import schema from "./state.json" with { type: "json" };

/** @typedef {import("./model.js").Measured} Measured */

const SEEDS = schema.properties.seed.maximum + 1;

/** Changes to the defaults. */
export const presets = { two: { dimension: 2 }, head: {}, large: { dimension: 512 } };

export default defineFigure({
  name: "square-root-of-d",
  schema,
  build({ stage, state, set, say }) {
    const texts = strings("square-root-of-d");
    const { presets: label, preset, hint } = texts;
    const examples = presetButtons({ schema, presets, texts: preset, hint, label, set, say });
    const dimension = slider({
      label: texts.dimension,
      min: 0,
      max: STOPS.length - 1,
      step: 1,
      name: "dimension",
      write: () => `d = ${state().dimension}`,
      onInput: (stop) => speak({ dimension: STOPS[stop] }),
    });
    const again = button({
      text: texts.again,
      name: "again",
      onClick: () => speak({ seed: (state().seed + 1) % SEEDS }),
    });
    const pictures = drawing(texts);
    stage.append(
      examples.node,
      html("div", { class: "controls" }, dimension.node, again),
      pictures.node,
      html("p", { class: "note" }, texts.drawn),
    );

    function speak(/** @type {Record<string, number>} */ changes) {
      set(changes);
      say(pictures.summary());
    }

    return (given) => {
      pictures.draw(given.dimension, given.seed);
      dimension.set(nearestStop(given.dimension));
      examples.set(given);
    };
  },
});

/**
 * @param {number} dimension
 * @returns {number} Where the slider stands.
 */
function nearestStop(dimension) {
  const above = STOPS.findIndex((stop) => stop >= dimension);
  return above > 0 && dimension - STOPS[above - 1] < STOPS[above] - dimension ? above - 1 : above;
}

/**
 * All pictures and the table.
 * @param {ReturnType<typeof strings<"square-root-of-d">>} texts
 */
function drawing(texts) {
  const sides = /** @type {const} */ (["dot", "scaled"]).map((name) => ({
    scores: histogram({ ...texts.scores[name], ticks: texts.ticks, normal: texts.normal }),
    weights: weightBars({ ...texts.weights[name], equal: texts.equal }, name),
    divided: name === "scaled",
  }));
  const gradient = gradientPicture(texts.gradient);
  const table = numbers(texts.table);
  const tops = sides.map((side) => side.scores.node);
  const node = html(
    "div",
    { class: "pictures" },
    ...tops,
    ...sides.map((side) => side.weights.node),
    gradient.node,
    table.node,
  );
  /** @type {Float64Array} */
  let drawn;
  /** @type {import("./pictures.js").Curve[]} */
  let curves;
  let seed = -1;
  let heard = "";

  function draw(/** @type {number} */ dimension, /** @type {number} */ wantedSeed) {
    if (wantedSeed !== seed) {
      drawn = drawScores(wantedSeed);
      seed = wantedSeed;
      curves = sides.map(({ divided }) => gradientCurve(drawn, divided));
    }
    const measured = sides.map(({ divided }) => measure(drawn, dimension, divided));
    sides.forEach((side, i) => {
      side.scores.draw(measured[i].scores, side.divided ? 1 : dimension);
      side.weights.draw(measured[i].weights.subarray(0, KEYS));
    });
    gradient.draw(
      dimension,
      curves,
      measured.map((side) => side.gradient),
    );
    table.draw(measured);
    const [dot, scaled] = measured.map(({ largest, gradient: size }) => [written(largest), written(size)]);
    heard = texts.heard(dimension, dot, scaled);
  }
  return { node, draw, summary: () => heard };
}

/**
 * What was measured, in numbers: one column without, one with the division.
 * @param {{ heads: string[], variance: string, largest: string, gradient: string, share: string }} texts
 * @returns {{ node: HTMLElement, draw: (measured: Measured[]) => void }}
 */
function numbers(texts) {
  const rows = {
    variance: (/** @type {Measured} */ { variance }) => variance,
    largest: (/** @type {Measured} */ { largest }) => largest,
    gradient: (/** @type {Measured} */ { gradient }) => gradient,
  };
  const names = /** @type {(keyof typeof rows)[]} */ (Object.keys(rows));
  const cells = names.map((name) => ["dot", "scaled"].map((side) => html("td", { "data-name": `${name}-${side}` })));
  const bars = [0, 1].map(() => html("div", { class: "share" }));
  const shares = ["dot", "scaled"].map((side) => html("span", { "data-name": `share-${side}` }));
  const widths = ["50%", "22%", "28%"]; // fixed, so that no row breaks anew when a number grows
  const head = html(
    "tr",
    {},
    ...texts.heads.map((text, i) => html("th", { scope: "col", style: `width: ${widths[i]}` }, text)),
  );
  const body = names.map((name, row) => html("tr", {}, html("th", { scope: "row" }, texts[name]), ...cells[row]));
  const last = html(
    "tr",
    {},
    html("th", { scope: "row" }, texts.share),
    ...shares.map((share, i) => html("td", {}, share, bars[i])),
  );
  const parts = [html("thead", {}, head), html("tbody", {}, ...body, last)];
  const table = html("table", { style: "table-layout: fixed" }, ...parts);

  function draw(/** @type {Measured[]} */ measured) {
    measured.forEach((side, i) => {
      names.forEach((name, row) => show(cells[row][i], rows[name](side)));
      const share = (100 * side.gradient) / MOST;
      show(shares[i], share, 0);
      change(bars[i], { style: `width: ${(share / 32).toFixed(2)}rem` });
    });
  }
  return { node: html("div", {}, table), draw };
}
