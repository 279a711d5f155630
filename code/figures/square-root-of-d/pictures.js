/** The pictures: how the scores spread, what the softmax makes of them, and what is left of its gradient. */

import { change, html, svg } from "../common/elements.js";
import { written } from "../common/numbers.js";
import { KEYS, LARGEST } from "./model.js";

/** @typedef {[dimension: number, gradient: number][]} Curve */

const WIDTH = 340;
const REACH = 80; // scores from -REACH to REACH are drawn
const BINS = 20; // half a standard deviation each

/**
 * A picture with a title, read out by its label.
 * @param {string} title
 * @param {string} label
 * @param {number} height
 * @param {...SVGElement} children
 * @returns {HTMLElement}
 */
function picture(title, label, height, ...children) {
  const heading = svg("text", { x: 0, y: 14, style: "font-weight: 600" }, title);
  return html(
    "div",
    {},
    svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": label }, heading, ...children),
  );
}

/**
 * A line of a picture.
 * @param {number} x1
 * @param {number} y1
 * @param {number} x2
 * @param {number} y2
 * @param {string} [style]
 * @returns {SVGLineElement}
 */
function line(x1, y1, x2, y2, style = "stroke: var(--line)") {
  return svg("line", { x1, y1, x2, y2, style });
}

/**
 * A word of a picture.
 * @param {string} content
 * @param {number} x
 * @param {number} y
 * @param {"start" | "middle" | "end"} [anchor]
 * @returns {SVGTextElement}
 */
function word(content, x, y, anchor = "middle") {
  return svg("text", { x, y, "text-anchor": anchor }, content);
}

/**
 * The scores as a histogram, the normal curve that theory expects, and the first query's scores as ticks.
 * @param {{ title: string, label: string, ticks: string, normal: (variance: number) => string }} texts
 * @returns {{ node: HTMLElement, draw: (scores: Float32Array, variance: number) => void }} `variance`: as expected.
 */
export function histogram(texts) {
  const [floor, top] = [96, 40]; // the curve's top; bars may rise above it
  const x = (/** @type {number} */ score) => WIDTH * (0.5 + Math.max(-0.5, Math.min(0.5, score / (2 * REACH))));
  const bars = svg("path", { style: "fill: var(--ink); opacity: 0.28" });
  const curve = svg("path", { style: "fill: none; stroke: var(--ink); stroke-width: 1.5" });
  const ticks = svg("path", { style: "stroke: var(--key); stroke-width: 1.5" });
  const legend = word("", WIDTH, 32, "end");
  const axis = [-60, -30, 0, 30, 60].map((score) => word(written(score, 0), x(score), 124));
  const keys = svg("text", { x: 0, y: 32, style: "fill: var(--key)" }, texts.ticks);
  const parts = [line(0, floor, WIDTH, floor), bars, curve, ticks, legend, keys, ...axis];

  function draw(/** @type {Float32Array} */ scores, /** @type {number} */ variance) {
    const deviation = Math.sqrt(variance);
    const counts = new Array(BINS).fill(0);
    for (const score of scores) {
      counts[Math.max(0, Math.min(BINS - 1, Math.floor((2 * score) / deviation) + BINS / 2))] += 1;
    }
    const peak = scores.length / 2 / Math.sqrt(2 * Math.PI); // what a normal bin at zero would hold
    const y = (/** @type {number} */ share) => (floor - share * (floor - top)).toFixed(1);
    const edge = (/** @type {number} */ bin) => x(((bin - BINS / 2) * deviation) / 2).toFixed(2);
    const boxes = counts.map((count, bin) => `M${edge(bin)} ${floor}V${y(count / peak)}H${edge(bin + 1)}V${floor}`);
    const steps = Array.from({ length: 71 }, (_, step) => step / 10 - 3.5);
    const bell = steps.map((z) => `${x(z * deviation).toFixed(2)} ${y(Math.exp((-z * z) / 2))}`);
    change(bars, { d: boxes.join("") });
    change(curve, { d: `M${bell.join("L")}` });
    const firsts = Array.from(scores.subarray(0, KEYS), (score) => `M${x(score).toFixed(2)} ${floor + 2}v9`);
    change(ticks, { d: firsts.join("") });
    legend.textContent = texts.normal(variance);
  }
  return { node: picture(texts.title, texts.label, 128, ...parts), draw };
}

/**
 * The first query's weights as bars.
 * @param {{ title: string, label: string, equal: string }} texts
 * @param {string} name Each bar's `data-name` is `weight-NAME-1`, `weight-NAME-2`, …
 * @returns {{ node: HTMLElement, draw: (weights: Float32Array) => void }}
 */
export function weightBars(texts, name) {
  const [floor, top, left] = [106, 36, 22];
  const step = (WIDTH - left) / KEYS;
  const y = (/** @type {number} */ weight) => floor - weight * (floor - top);
  const bars = Array.from({ length: KEYS }, (_, key) =>
    svg("rect", {
      x: left + key * step + 3,
      width: step - 6,
      "data-name": `weight-${name}-${key + 1}`,
      style: "fill: var(--weight)",
    }),
  );
  const largest = word("", 0, 0);
  largest.setAttribute("class", "halo");
  const keys = [1, 4, 8, 12, 16].map((key) => word(`k${key}`, left + (key - 0.5) * step, 122));
  const equal = line(left, y(1 / KEYS), WIDTH, y(1 / KEYS), "stroke: var(--ink); stroke-dasharray: 2 3");
  const scale = [
    line(left, y(0), WIDTH, y(0)),
    line(left, y(1), WIDTH, y(1)),
    word("0", 8, y(0) + 4),
    word("1", 8, y(1) + 4),
  ];
  const legend = word(texts.equal, WIDTH, 14, "end");

  function draw(/** @type {Float32Array} */ weights) {
    weights.forEach((weight, key) =>
      change(bars[key], { y: y(weight).toFixed(2), height: (floor - y(weight)).toFixed(2), "data-value": weight }),
    );
    const most = weights.indexOf(Math.max(...weights));
    largest.textContent = `k${most + 1}: ${written(weights[most])}`;
    change(largest, {
      x: Math.max(left + 36, Math.min(WIDTH - 36, left + (most + 0.5) * step)),
      y: y(weights[most]) - 4,
    });
  }
  return { node: picture(texts.title, texts.label, 126, ...scale, ...bars, equal, largest, legend, ...keys), draw };
}

/**
 * The gradient over all dimensions, with the present one marked.
 * @param {{ title: string, label: string, dot: string, scaled: string, axis: string }} texts
 * @returns {{ node: HTMLElement, draw: (dimension: number, curves: Curve[], gradients: number[]) => void }}
 *   `curves` and the present `gradients`: first without, then with the division.
 */
export function gradientPicture(texts) {
  const [floor, top, left] = [168, 28, 22];
  const x = (/** @type {number} */ d) => left + ((WIDTH - left - 8) * (Math.log2(d) - 1)) / (Math.log2(LARGEST) - 1);
  const y = (/** @type {number} */ gradient) => floor - (gradient / 2) * (floor - top);
  const styles = ["stroke: var(--ink)", "stroke: var(--accent); stroke-dasharray: 7 3"];
  const lines = styles.map((style) => svg("path", { style: `fill: none; stroke-width: 2; ${style}` }));
  const dots = ["var(--ink)", "var(--accent)"].map((fill) => svg("circle", { r: 5, style: `fill: ${fill}` }));
  const present = line(0, top, 0, floor, "stroke: var(--ink); stroke-dasharray: 2 3");
  const rules = [0, 1, 2].flatMap((value) => [
    line(left, y(value), WIDTH, y(value)),
    word(String(value), 8, y(value) + 4),
  ]);
  const axis = [2, 8, 32, 128, 512].map((d) => word(String(d), x(d), floor + 16));
  const names = [word(texts.dot, x(10), y(0.6), "end"), word(texts.scaled, x(512), y(1.42), "end")];
  names[1].setAttribute("style", "fill: var(--accent)");
  for (const name of names) name.setAttribute("class", "halo");
  const parts = [...rules, present, ...lines, ...dots, ...names, ...axis, word(texts.axis, WIDTH / 2 + 10, floor + 33)];

  function draw(/** @type {number} */ dimension, /** @type {Curve[]} */ curves, /** @type {number[]} */ gradients) {
    change(present, { x1: x(dimension), x2: x(dimension) });
    gradients.forEach((gradient, i) => {
      // The present point belongs to the curve: the dot lies on it wherever it stands.
      const others = curves[i].filter(([d]) => d !== dimension);
      const points = /** @type {Curve} */ ([...others, [dimension, gradient]]).sort((a, b) => a[0] - b[0]);
      change(lines[i], { d: `M${points.map(([d, size]) => `${x(d).toFixed(1)} ${y(size).toFixed(1)}`).join("L")}` });
      change(dots[i], { cx: x(dimension), cy: y(gradient) });
    });
  }
  return { node: picture(texts.title, texts.label, 206, ...parts), draw };
}
