/** The heat map: a row an English word, a column a Chinese one; it grows row by row. */

import { change, html, svg } from "../common/elements.js";

const LETTER = 7.6; // pixels that a letter of a row's name takes, at most
const SIGN = 14; // pixels that a Chinese sign takes
const [ROOM_DOWN, WIDEST] = [310, 640]; // where the map is to fit, if its cells need not be too small
const EDGES = 58; // pixels of a narrow page that are not the map's
const [SMALLEST, LARGEST] = [16, 38];
const MOST_SIGNS = 5;
const FAINTEST = 0.01; // weight that is drawn
const GROWING = 1500; // milliseconds at most
const PAUSE = 140; // milliseconds at most between two rows
const AT_ONCE = 8; // rows a frame: nothing else on the page waits for a long map

/**
 * @typedef {{ source?: number, target?: number }} Place A column, a row, or both.
 * @typedef {{ source: string[], target: string[], weights: import("./grade.js").Row[],
 *   gold: Set<string>, label: string }} Weighed
 *   `weights` one row (S) a target word; `gold` holds "source,target".
 */

/**
 * @param {(place: Place, isFocus: boolean) => void} onPoint Called with where the pointer is, or has clicked.
 * @returns {{ node: HTMLElement, draw: (map: Weighed | undefined) => void, mark: (place: Place) => void }}
 */
export function heatMap(onPoint) {
  const node = html("div", { class: "map" });
  /** @type {ReturnType<typeof picture> | undefined} */
  let drawn;
  /** @type {Weighed | undefined} */
  let wanted;
  node.addEventListener("pointermove", (event) => onPoint(drawn?.placeOf(event) ?? {}, false));
  node.addEventListener("pointerleave", () => onPoint({}, false));
  node.addEventListener("click", (event) => onPoint(drawn?.placeOf(event) ?? {}, true));
  return {
    node,
    draw(map) {
      [wanted, drawn] = [map, undefined];
      change(node, { "aria-busy": map ? "true" : undefined });
      // The answer's own frame has the translations to draw; the map begins with the next one.
      if (map) later(() => later(() => begin(map)));
      else node.replaceChildren();
    },
    mark: (place) => drawn?.mark(place),
  };

  function begin(/** @type {Weighed} */ map) {
    if (map !== wanted) return;
    drawn = picture(map);
    // A new box stands at its beginning; to scroll the old one back would cost a layout.
    const box = { class: "scrolled", tabindex: 0, role: "region", "aria-label": map.label };
    node.replaceChildren(html("div", box, drawn.node));
    grow(drawn);
  }

  function grow(/** @type {typeof drawn} */ growing) {
    if (!growing || growing !== drawn) return;
    if (growing.grow()) node.removeAttribute("aria-busy");
    else later(() => grow(growing));
  }
}

/** @type {(then: () => void) => void} In the next frame; a poster has none. */
const later = (then) => ("requestAnimationFrame" in globalThis ? requestAnimationFrame(then) : then());

/**
 * @param {Weighed} map
 * @returns {{ node: SVGSVGElement, grow: () => boolean, mark: (place: Place) => void,
 *   placeOf: (event: MouseEvent) => Place }} `grow` draws some more rows, and says whether they are all there.
 */
function picture(map) {
  const { source, target, gold, label } = map;
  const sizes = measured(map);
  const { left, top, cell, width, height } = sizes;
  const columns = source.map((word, j) => {
    const [x, style] = [left + (j + 0.5) * cell, "writing-mode: vertical-rl; fill: var(--key)"];
    return svg("text", { x, y: top - 6, "text-anchor": "end", style }, short(word));
  });
  const rows = svg("g");
  const outlines = [...gold].map((link) => {
    const [j, i] = link.split(",").map(Number);
    const [x, y, size] = [left + j * cell + 1.5, top + i * cell + 1.5, cell - 3];
    return svg("rect", { x, y, width: size, height: size, rx: 2, class: "gold", "data-gold": link });
  });
  const frames = {
    target: svg("rect", { x: 1, width: width - 2, height: cell, class: "frame", visibility: "hidden" }),
    source: svg("rect", { y: 1, width: cell, height: height - 2, class: "frame", visibility: "hidden" }),
  };
  const grid = svg("path", { d: gridOf(map, sizes), class: "grid" });
  const drawn = { viewBox: `0 0 ${width} ${height}`, style: `width: ${width}px`, role: "img", "aria-label": label };
  const node = svg("svg", drawn, ...columns, grid, rows, ...outlines, frames.target, frames.source);
  return {
    node,
    grow() {
      const first = rows.children.length;
      rows.append(...target.slice(first, first + AT_ONCE).map((_, i) => rowOf(map, first + i, sizes)));
      return rows.children.length === target.length;
    },
    mark(place) {
      change(frames.target, { y: top + (place.target ?? 0) * cell, visibility: shown(place.target) });
      change(frames.source, { x: left + (place.source ?? 0) * cell, visibility: shown(place.source) });
    },
    placeOf({ clientX, clientY }) {
      const box = node.getBoundingClientRect();
      const [j, i] = [clientX - box.x - left, clientY - box.y - top].map((distance) => Math.floor(distance / cell));
      return { source: j in source ? j : undefined, target: i in target ? i : undefined };
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

/** @type {(map: Weighed, sizes: ReturnType<typeof measured>) => string} The lines between the cells, as one path. */
function gridOf({ source, target }, { left, top, cell, width, height }) {
  const down = [...source, ""].map((_, j) => `M${left + j * cell} ${top}V${height - 2}`);
  const along = [...target, ""].map((_, i) => `M${left} ${top + i * cell}H${width - 2}`);
  return [...down, ...along].join("");
}

/**
 * @param {Weighed} map
 * @param {number} i
 * @param {ReturnType<typeof measured>} sizes
 * @returns {SVGElement} One English word and its weights.
 */
function rowOf({ target, weights }, i, { left, top, cell }) {
  const name = { x: left - 6, y: top + (i + 0.5) * cell + 4.5, "text-anchor": "end", style: "fill: var(--query)" };
  // Most weights are next to nothing: a cell that nobody would see is not drawn, which makes a long sentence quick.
  const cells = Array.from(weights[i], (weight, j) => ({ weight, x: left + j * cell, y: top + i * cell }))
    .filter(({ weight }) => weight >= FAINTEST)
    .map(({ weight, x, y }) => svg("rect", { x, y, width: cell, height: cell, "fill-opacity": weight.toFixed(2) }));
  const pause = Math.min(PAUSE, GROWING / target.length);
  const style = `animation-delay: ${Math.round(i * pause)}ms`;
  const row = { class: "weighed", style, "data-name": `weights-${i + 1}`, "data-value": weights[i].join(" ") };
  return svg("g", row, svg("text", name, target[i]), ...cells);
}

/** @type {(word: string) => string} A word of no more signs than there is room for. */
const short = (word) =>
  [...word].length > MOST_SIGNS ? `${[...word].slice(0, MOST_SIGNS - 1).join("")}…` : word;

/** @type {(place: number | undefined) => string} */
const shown = (place) => (place === undefined ? "hidden" : "visible");
