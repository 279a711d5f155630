/** The two pictures: the query among the keys, and the output among the values. */

import { draggable } from "../common/drag.js";
import { change, svg } from "../common/elements.js";
import { written } from "../common/numbers.js";
import { at, disc, handle, move, names, path, plane, weigh } from "./plane.js";

/**
 * @typedef {import("./model.js").Point} Point
 * @typedef {import("./model.js").Question} Question
 * @typedef {import("./model.js").Answer} Answer
 * @typedef {ReturnType<typeof import("../common/strings.js").strings<"query-key-value">>} Texts
 * @typedef {(name: string, index: number, point?: Point) => Point} Access
 *   Read one of the state's points ("query", "keys" or "values"); with a point: write it first.
 */

const RIM = "stroke: var(--paper); stroke-width: 2px";
const RANGE = /** @type {[number, number]} */ ([-3, 3]);

/**
 * The query as an arrow, the keys as dots; a disc about each key is its weight.
 * @param {Texts} texts
 * @param {Access} access
 * @returns {{ node: HTMLElement, draw: (question: Question, answer: Answer) => void }}
 */
export function keysPlane(texts, access) {
  const { node, picture, place, tell } = plane({
    title: texts.keysTitle,
    point: texts.query,
    name: "query",
    colour: "var(--query)",
  });
  const shaft = svg("path", { style: "fill: none; stroke: var(--query); stroke-width: 3px" });
  const head = svg("path", { d: "M2 0L-13 6L-13 -6Z", style: "fill: var(--query)" });
  const query = handle("var(--query)", head);
  const keys = four(() => handle("var(--key)", svg("circle", { r: 5.5, style: `fill: var(--key); ${RIM}` })));
  const lines = four(() => svg("path", { style: "stroke: var(--key); stroke-width: 1.5px; stroke-opacity: 0.7" }));
  const discs = four(disc);
  picture.append(...discs, ...lines, shaft, query.node, ...keys.map((key) => key.node));
  const drag = dragging(place, access);
  drag(query.node, "query", 0, texts.query);
  keys.forEach((key, i) => drag(key.node, "keys", i, texts.key(i + 1)));

  function draw(/** @type {Question} */ question, /** @type {Answer} */ { scores, weights }) {
    const [x, y] = question.query;
    change(shaft, { d: path([0, 0], shortened(question.query)) });
    change(head, { transform: `rotate(${(Math.atan2(-y, x) * 180) / Math.PI})` });
    move(query, question.query, texts.queryLabel, "beside");
    speak(query.node, question.query, texts.place(written(x), written(y)));
    tell(question.query);
    const labels = names(question.keys, texts.key);
    question.keys.forEach((key, i) => {
      change(lines[i], { d: path([0, 0], key) });
      weigh(discs[i], key, weights[i]);
      move(keys[i], key, labels[i], "outside");
      const heard = texts.weighed(written(scores[i]), written(weights[i], 3));
      speak(keys[i].node, key, `${texts.place(written(key[0]), written(key[1]))}; ${heard}`);
    });
  }
  return { node, draw };
}

/**
 * The values as squares with their weights about them, and the output as a diamond inside their hull.
 * @param {Texts} texts
 * @param {Access} access
 * @returns {{ node: HTMLElement, draw: (question: Question, answer: Answer) => void }}
 */
export function valuesPlane(texts, access) {
  const { node, picture, place, tell } = plane({
    title: texts.valuesTitle,
    point: texts.output,
    name: "mixed",
    colour: "var(--output)",
  });
  // Each point of the hull lies in just two of the four triangles: together they shade it evenly.
  const hull = four(() => svg("path", { style: "fill: var(--value); fill-opacity: 0.05" }));
  const square = () => svg("rect", { x: -5, y: -5, width: 10, height: 10, style: `fill: var(--value); ${RIM}` });
  const values = four(() => handle("var(--value)", square()));
  const lines = four(() => svg("path", { style: "stroke: var(--weight); stroke-opacity: 0.55" }));
  const discs = four(disc);
  const diamond = svg("path", {
    d: "M0 -11L11 0L0 11L-11 0Z",
    style: "fill: var(--output); fill-opacity: 0.15; stroke: var(--output); stroke-width: 3px",
  });
  const output = handle("var(--output)", diamond);
  change(output.node, { style: "pointer-events: none" });
  picture.append(...hull, ...discs, ...lines, ...values.map((value) => value.node), output.node);
  const drag = dragging(place, access);
  values.forEach((value, i) => drag(value.node, "values", i, texts.value(i + 1)));

  function draw(/** @type {Question} */ question, /** @type {Answer} */ { weights, output: mixed }) {
    const labels = names(question.values, texts.value);
    question.values.forEach((value, i) => {
      const others = question.values.filter((_, j) => j !== i).map(at);
      change(hull[i], { d: `M${others.join("L")}Z` });
      change(lines[i], { d: path(value, mixed), "stroke-width": 8 * weights[i] });
      weigh(discs[i], value, weights[i]);
      move(values[i], value, labels[i], "outside");
      const heard = texts.weight(written(weights[i], 3));
      speak(values[i].node, value, `${texts.place(written(value[0]), written(value[1]))}; ${heard}`);
    });
    move(output, mixed, texts.output, "inside");
    tell(mixed);
  }
  return { node, draw };
}

/** @type {<Kind>(make: () => Kind) => Kind[]} */
const four = (make) => [make(), make(), make(), make()];

/** @type {(node: SVGElement, point: Point, text: string) => void} */
const speak = (node, point, text) => change(node, { "aria-valuenow": point[0], "aria-valuetext": text });

/**
 * Where the query's shaft ends, so that it does not show through the tip of its head.
 * @param {Point} query
 * @returns {Point}
 */
function shortened([x, y]) {
  const length = Math.hypot(x, y);
  const share = Math.max(0, 1 - 0.2 / (length || 1));
  return [x * share, y * share];
}

/**
 * @param {(event: PointerEvent) => Point} place
 * @param {Access} access
 * @returns {(node: SVGGElement, name: string, index: number, label: string) => void}
 */
function dragging(place, access) {
  return (node, name, index, label) =>
    draggable(node, {
      name: name === "query" ? name : `${name}-${index + 1}`,
      label,
      range: RANGE,
      place,
      get: () => access(name, index),
      move: (point) => void access(name, index, point),
    });
}
