/** A square piece of the plane, from −3.5 to 3.5, and what is drawn in it. */

import { pointIn } from "../common/drag.js";
import { change, html, svg } from "../common/elements.js";
import { show } from "../common/numbers.js";

/** @typedef {import("./model.js").Point} Point */

const UNIT = 48;
const EDGE = 3.5;
const SIZE = 2 * EDGE * UNIT;
const TOP = 26; // room for the title
const DOT = 5; // radius that a point itself covers
const LARGEST = 24; // radius of the disc of a weight of 1
const HALO = "paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round";

/**
 * Where a point stands in the picture.
 * @param {Point} point
 * @returns {Point} In units of the view box; y downwards.
 */
export function at([x, y]) {
  return [SIZE / 2 + x * UNIT, TOP + SIZE / 2 - y * UNIT];
}

/**
 * A plane with its grid and title; at the title's right stands where one of its points is.
 * @param {{ title: string, point: string, name: string, colour: string }} options
 *   `point` is its name for people, `name` the one in `data-name`.
 * @returns {{ node: HTMLElement, picture: SVGSVGElement, place: (event: PointerEvent) => Point,
 *   tell: (point: Point) => void }} `place` turns a pointer into a point; `tell` writes the point.
 */
export function plane({ title, point, name, colour }) {
  const [x, y] = ["x", "y"].map((axis) => svg("tspan", { "data-name": `${name}-${axis}` }));
  const corner = { x: SIZE - 1, y: 15, "text-anchor": "end", style: `fill: ${colour}` };
  const picture = svg(
    "svg",
    { viewBox: `0 0 ${SIZE} ${TOP + SIZE}`, role: "group", "aria-label": title },
    svg("text", { x: 1, y: 15, style: "font-weight: 650" }, title),
    svg("text", corner, `${point} (`, x, ", ", y, ")"),
    ...grid(),
  );
  function place(/** @type {PointerEvent} */ event) {
    const [left, top] = pointIn(picture, event);
    return /** @type {Point} */ ([(left - SIZE / 2) / UNIT, (TOP + SIZE / 2 - top) / UNIT]);
  }
  function tell(/** @type {Point} */ given) {
    show(x, given[0]);
    show(y, given[1]);
  }
  return { node: html("div", {}, picture), picture, place, tell };
}

/** @returns {SVGElement[]} */
function grid() {
  const line = (/** @type {Point} */ from, /** @type {Point} */ to, /** @type {number} */ opacity) =>
    svg("path", { d: path(from, to), style: `stroke: var(--line); stroke-opacity: ${opacity}` });
  const inner = SIZE - 1;
  const steps = [-3, -2, -1, 0, 1, 2, 3];
  const faint = (/** @type {number} */ step) => (step === 0 ? 1 : 0.45);
  const number = (/** @type {Point} */ point, /** @type {string} */ text, /** @type {object} */ more) => {
    const [x, y] = at(point);
    return svg("text", { x, y, ...more, style: "fill-opacity: 0.7" }, text);
  };
  return [
    svg("rect", { x: 0.5, y: TOP + 0.5, width: inner, height: inner, rx: 6, style: "fill: none; stroke: var(--line)" }),
    ...steps.map((step) => line([step, -EDGE], [step, EDGE], faint(step))),
    ...steps.map((step) => line([-EDGE, step], [EDGE, step], faint(step))),
    number([-3, 0], "−3", { dy: 14, "text-anchor": "middle" }),
    number([3, 0], "3", { dy: 14, "text-anchor": "middle" }),
    number([0, 3], "3", { dx: -5, dy: 4, "text-anchor": "end" }),
    number([0, -3], "−3", { dx: -5, dy: 4, "text-anchor": "end" }),
  ];
}

/**
 * A straight line.
 * @param {Point} from
 * @param {Point} to
 * @returns {string} The `d` of a path.
 */
export function path(from, to) {
  return `M${at(from)}L${at(to)}`;
}

/**
 * A handle: what is seen of a point, its name, and a wide invisible disc to take it by.
 * @param {string} colour
 * @param {SVGElement} shape Drawn about (0, 0).
 * @returns {{ node: SVGGElement, name: SVGTextElement }}
 */
export function handle(colour, shape) {
  const name = svg("text", { style: `fill: ${colour}; font-weight: 650; pointer-events: none; ${HALO}` });
  const grip = svg("circle", { r: 16, style: "fill: transparent" });
  return { node: svg("g", {}, grip, shape, name), name };
}

/**
 * Move a handle and its name.
 * @param {{ node: SVGGElement, name: SVGTextElement }} handle
 * @param {Point} point
 * @param {string} text
 * @param {"outside" | "inside" | "beside"} where The name stands: away from the x axis, towards it, or beside the
 *   point; so names of three kinds meet nowhere.
 */
export function move({ node, name }, point, text, where) {
  change(node, { transform: `translate(${at(point)})` });
  const side = point[0] > 1.5 ? -1 : 1;
  const gap = where === "outside" ? 11 : 17;
  const above = point[1] >= 0 === (where === "outside");
  if (where === "beside") change(name, { "text-anchor": side < 0 ? "end" : "start", x: side * 15, y: 4 });
  else change(name, { "text-anchor": "middle", y: above ? -gap : gap + 9 });
  name.textContent = text;
}

/**
 * A disc whose area, beyond the dot in its middle, is a weight.
 * @returns {SVGCircleElement}
 */
export function disc() {
  return svg("circle", { style: "fill: var(--weight); fill-opacity: 0.18; stroke: var(--weight); stroke-width: 1.5" });
}

/**
 * Put a disc about a point.
 * @param {SVGCircleElement} node
 * @param {Point} point
 * @param {number} weight
 */
export function weigh(node, point, weight) {
  const [cx, cy] = at(point);
  change(node, { cx, cy, r: Math.hypot(DOT, LARGEST * Math.sqrt(weight)) });
}

/**
 * The names of points; those that lie on top of each other are named together, at the first of them.
 * @param {Point[]} points
 * @param {(number: number) => string} name
 * @returns {string[]}
 */
export function names(points, name) {
  const first = points.map(([x, y]) => points.findIndex(([a, b]) => Math.hypot(a - x, b - y) < 0.2));
  return points.map((_, i) => first.flatMap((one, j) => (one === i ? [name(j + 1)] : [])).join(", "));
}
