/** The heat map: a row an English word, a column a Chinese one; it grows row by row. */

import { change, html, svg } from "../common/elements.js";

const LETTER = 7.6; // pixels that a letter of a row's name takes, at most
const SIGN = 14; // pixels that a Chinese sign takes
const [ROOM_DOWN, WIDEST] = [310, 640]; // where the map is to fit, if its cells need not be too small
const EDGES = 58; // pixels of a narrow page that are not the map's
const [SMALLEST, LARGEST] = [16, 38];
const MOST_SIGNS = 5;
const GROWING = 1500; // milliseconds at most
const PAUSE = 140; // milliseconds at most between two rows

/**
 * @typedef {{ source?: number, target?: number }} Place A column, a row, or both.
 * @typedef {{ source: string[], target: string[], weights: import("./grade.js").Row[],
 *   gold: Set<string>, label: string }} Weighed
 *   `weights` one row (S) a target word; `gold` holds "source,target".
 */

/**
 * @param {(place: Place) => void} onPoint Called with where the pointer is.
 * @returns {{ node: HTMLElement, draw: (map: Weighed | undefined) => void, mark: (place: Place) => void }}
 */
export function heatMap(onPoint) {
  const node = html("div", { class: "map" });
  /** @type {ReturnType<typeof picture> | undefined} */
  let drawn;
  node.addEventListener("pointerover", (event) => {
    const cell = /** @type {Element} */ (event.target).closest("[data-place]");
    const [target, source] = cell?.getAttribute("data-place")?.split(",").map(Number) ?? [];
    onPoint({ source, target });
  });
  node.addEventListener("pointerleave", () => onPoint({}));
  return {
    node,
    draw(map) {
      drawn = map && picture(map);
      // A new box stands at its beginning; to scroll the old one back would cost a layout.
      const box = { class: "scrolled", tabindex: 0, role: "region", "aria-label": map?.label };
      node.replaceChildren(...(drawn ? [html("div", box, drawn.node)] : []));
    },
    mark: (place) => drawn?.mark(place),
  };
}

/**
 * @param {Weighed} map
 * @returns {{ node: SVGSVGElement, mark: (place: Place) => void }}
 */
function picture(map) {
  const { source, target, gold, label } = map;
  const sizes = measured(map);
  const { left, top, cell, width, height } = sizes;
  const columns = source.map((word, j) => {
    const [x, style] = [left + (j + 0.5) * cell, "writing-mode: vertical-rl; fill: var(--key)"];
    return svg("text", { x, y: top - 6, "text-anchor": "end", style }, short(word));
  });
  const rows = target.map((_, i) => rowOf(map, i, sizes));
  const outlines = [...gold].map((link) => {
    const [j, i] = link.split(",").map(Number);
    const [x, y, size] = [left + j * cell + 1.5, top + i * cell + 1.5, cell - 3];
    return svg("rect", { x, y, width: size, height: size, rx: 2, class: "gold", "data-gold": link });
  });
  const frames = {
    target: svg("rect", { x: 1, width: width - 2, height: cell, class: "frame" }),
    source: svg("rect", { y: 1, width: cell, height: height - 2, class: "frame" }),
  };
  const drawn = { viewBox: `0 0 ${width} ${height}`, style: `width: ${width}px`, role: "img", "aria-label": label };
  return {
    node: svg("svg", drawn, ...columns, ...rows, ...outlines, frames.target, frames.source),
    mark(place) {
      change(frames.target, { y: top + (place.target ?? 0) * cell, visibility: shown(place.target) });
      change(frames.source, { x: left + (place.source ?? 0) * cell, visibility: shown(place.source) });
    },
  };
}

/**
 * How large everything is: cells as large as fit, and a word no smaller than can be read.
 * @param {Weighed} map
 * @returns {{ left: number, top: number, cell: number, width: number, height: number }} In pixels.
 */
function measured({ source, target }) {
  const left = Math.max(...target.map((word) => word.length), 3) * LETTER + 10;
  const top = Math.max(...source.map((word) => [...short(word)].length)) * SIGN + 10;
  const room = Math.min(WIDEST, (globalThis.innerWidth ?? Infinity) - EDGES) - left;
  const fitting = Math.floor(Math.min(ROOM_DOWN / target.length, room / source.length));
  const cell = Math.min(LARGEST, Math.max(SMALLEST, fitting));
  return { left, top, cell, width: left + source.length * cell + 2, height: top + target.length * cell + 2 };
}

/**
 * @param {Weighed} map
 * @param {number} i
 * @param {ReturnType<typeof measured>} sizes
 * @returns {SVGElement} One English word and its weights.
 */
function rowOf({ target, weights }, i, { left, top, cell }) {
  const name = { x: left - 6, y: top + (i + 0.5) * cell + 4.5, "text-anchor": "end", style: "fill: var(--query)" };
  const cells = Array.from(weights[i], (weight, j) =>
    svg("rect", {
      x: left + j * cell + 0.5,
      y: top + i * cell + 0.5,
      width: cell - 1,
      height: cell - 1,
      "fill-opacity": weight.toFixed(3),
      "data-place": `${i},${j}`,
      "data-name": `weight-${i + 1}-${j + 1}`,
      "data-value": weight,
    }),
  );
  const pause = Math.min(PAUSE, GROWING / target.length);
  const style = `animation-delay: ${Math.round(i * pause)}ms`;
  return svg("g", { class: "row", style }, svg("text", name, target[i]), ...cells);
}

/** @type {(word: string) => string} A word of no more signs than there is room for. */
const short = (word) =>
  [...word].length > MOST_SIGNS ? `${[...word].slice(0, MOST_SIGNS - 1).join("")}…` : word;

/** @type {(place: number | undefined) => string} */
const shown = (place) => (place === undefined ? "hidden" : "visible");
