/** A grid of weights: a row a query, a column a key; forbidden cells are hatched. */

import { change, html, svg } from "../common/elements.js";
import { show } from "../common/numbers.js";
import { SIZE } from "./model.js";

const [WIDTH, LEFT, TOP] = [340, 46, 46];
const [CELL, HEIGHT] = [41, 34];
const END = LEFT + SIZE * CELL;
const FULL = 0.55; // opacity of the weight 1: the number on it stays readable
const MOVES = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  Home: [0, -SIZE],
  End: [0, SIZE],
};
const HATCH = hatching(CELL - 2, HEIGHT - 2);

/**
 * @typedef {{ node: HTMLElement, cells: SVGElement[][],
 *   draw: (allowed: boolean[][], weights: number[][], row: number) => void }} Grid
 *   `cells` stand for one pair each; `row` is the one that is framed.
 * @typedef {{ tokens: string[], corner: string, columns: string, sum: string }} Words
 */

/**
 * Draw a grid.
 * @param {{ title: string, label: string, name: string, onRow: (row: number) => void,
 *   words: Words }} options Weights have `data-name` NAME-1-1, …, sums sum-NAME-1, …; a click on a row calls `onRow`.
 * @returns {Grid}
 */
export function weightGrid({ title, label, name, onRow, words }) {
  const rows = words.tokens.map((token, i) => {
    const names = words.tokens.map((_, j) => `${name}-${i + 1}-${j + 1}`);
    const row = gridRow(token, i, names, `sum-${name}-${i + 1}`);
    row.node.addEventListener("click", () => onRow(i));
    return row;
  });
  const frame = svg("rect", { x: 1, width: WIDTH - 2, height: HEIGHT, rx: 5, class: "frame" });
  const picture = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${TOP + SIZE * HEIGHT + 2}`, role: "presentation" }, // rows belong to the grid
    text(title, 0, 14, { "text-anchor": "start", style: "font-weight: 600", "aria-hidden": "true" }),
    text(words.columns, WIDTH, 14, { "text-anchor": "end", style: "fill: var(--key)", "aria-hidden": "true" }),
    header(words),
    ...rows.map((row) => row.node),
    frame,
  );
  return {
    node: html("div", { role: "table", "aria-label": label }, picture),
    cells: rows.map((row) => row.cells),
    draw(allowed, weights, selected) {
      rows.forEach((row, i) => row.draw(allowed[i], weights[i]));
      change(frame, { y: TOP + selected * HEIGHT });
    },
  };
}

/**
 * Let the reader change a grid's cells: with a click, or with the arrow keys and Space or Enter.
 * @param {Grid} grid
 * @param {{ toggle: (row: number, column: number) => void, select: (row: number) => void }} actions
 * @returns {(describe: (row: number, column: number) => { label: string, allowed: boolean }) => void} Names the cells.
 */
export function editable({ node, cells }, { toggle, select }) {
  change(node, { role: "grid", "aria-multiselectable": "true" });
  const enter = (/** @type {number} */ row, /** @type {number} */ column) => {
    cells.flat().forEach((each) => change(each, { tabindex: -1 }));
    change(cells[row][column], { tabindex: 0 });
  };
  enter(0, 0);
  const inside = (/** @type {number} */ place) => Math.max(0, Math.min(SIZE - 1, place));
  cells.forEach((row, i) =>
    row.forEach((each, j) => {
      change(each, { role: "gridcell", "data-control": `cell-${i + 1}-${j + 1}` });
      each.addEventListener("click", () => toggle(i, j));
      each.addEventListener("focus", () => {
        enter(i, j);
        select(i);
      });
      each.addEventListener("keydown", (event) => {
        const move = MOVES[/** @type {keyof typeof MOVES} */ (event.key)];
        if (event.altKey || event.ctrlKey || event.metaKey) return;
        if (event.key === " " || event.key === "Enter") toggle(i, j);
        else if (move) cells[inside(i + move[0])][inside(j + move[1])].focus();
        else return;
        event.preventDefault();
      });
    }),
  );
  return (describe) =>
    cells.forEach((row, i) =>
      row.forEach((each, j) => {
        const { label, allowed } = describe(i, j);
        change(each, { "aria-label": label, "aria-selected": String(allowed) });
      }),
    );
}

/**
 * @param {string} token The query.
 * @param {number} i
 * @param {string[]} names The `data-name` of each weight.
 * @param {string} sumName The `data-name` of their sum.
 */
function gridRow(token, i, names, sumName) {
  const query = word(token, LEFT - 6, i, { "text-anchor": "end", style: "fill: var(--query)" });
  const cells = names.map((name, j) => cell(i, j, name));
  const total = word("", (END + WIDTH) / 2, i, { "data-name": sumName });
  const nodes = cells.map((each) => each.node);
  const ends = [svg("g", { role: "rowheader" }, query), svg("g", { role: "cell" }, total)];
  function draw(/** @type {boolean[]} */ allowed, /** @type {number[]} */ weights) {
    cells.forEach((each, j) => each.draw(allowed[j], weights[j]));
    const sum = weights.reduce((left, right) => left + right, 0);
    show(total, sum);
  }
  return { node: svg("g", { role: "row" }, ends[0], ...nodes, ends[1]), cells: nodes, draw };
}

/**
 * @param {number} row
 * @param {number} column
 * @param {string} name
 */
function cell(row, column, name) {
  const [x, y] = [LEFT + column * CELL + 1, TOP + row * HEIGHT + 1];
  const shade = svg("rect", { width: CELL - 2, height: HEIGHT - 2, rx: 3 });
  const hatch = svg("path");
  const number = text("", CELL / 2 - 1, HEIGHT / 2 + 3.5, { "data-name": name });
  const node = svg("g", { role: "cell", class: "cell", transform: `translate(${x} ${y})` }, shade, hatch, number);
  function draw(/** @type {boolean} */ allowed, /** @type {number} */ weight) {
    change(shade, { "fill-opacity": (FULL * weight).toFixed(3) });
    change(hatch, { d: allowed ? undefined : HATCH });
    change(number, { class: allowed ? undefined : "halo" });
    show(number, weight, !allowed && weight === 0 ? 0 : 2);
  }
  return { node, draw };
}

/**
 * @param {number} width
 * @param {number} height
 * @returns {string} Slanted lines that fill a box.
 */
function hatching(width, height) {
  const starts = Array.from({ length: Math.floor((width + height) / 8) }, (_, i) => 8 * i + 4);
  const lines = starts.map((at) => {
    const [right, top] = [Math.min(at, width), Math.max(0, at - width)];
    const [left, bottom] = [Math.max(0, at - height), Math.min(at, height)];
    return `M${right} ${top}L${left} ${bottom}`;
  });
  return lines.join("");
}

/**
 * @param {Words} words
 * @returns {SVGElement} The row of the keys.
 */
function header({ tokens, corner, sum }) {
  const keys = tokens.map((token, j) => word(token, LEFT + (j + 0.5) * CELL, -1, { style: "fill: var(--key)" }));
  const cells = [
    word(corner, LEFT - 6, -1, { "text-anchor": "end", style: "fill: var(--query)" }),
    ...keys,
    word(sum, (END + WIDTH) / 2, -1),
  ];
  return svg("g", { role: "row" }, ...cells.map((each) => svg("g", { role: "columnheader" }, each)));
}

/**
 * @param {string} content
 * @param {number} x
 * @param {number} row -1 is the header.
 * @param {import("../common/elements.js").Attributes} [attributes]
 * @returns {SVGTextElement}
 */
function word(content, x, row, attributes = {}) {
  return text(content, x, row < 0 ? TOP - 8 : TOP + (row + 0.5) * HEIGHT + 4.5, attributes);
}

/**
 * @param {string} content
 * @param {number} x
 * @param {number} y
 * @param {import("../common/elements.js").Attributes} attributes
 * @returns {SVGTextElement}
 */
function text(content, x, y, attributes) {
  return svg("text", { x, y, "text-anchor": "middle", ...attributes }, content);
}
