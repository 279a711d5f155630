/** One sentence that grows clause by clause: the slider, and how each translator does at every length. */

import { slider } from "../common/controls.js";
import { change, html } from "../common/elements.js";
import { growingErrors } from "./answers.js";
import { ladder, trainedClauses } from "./corpus.js";

/** @typedef {import("./pictures.js").Texts} Texts */

/**
 * A slider over the clauses; under it stands which of the lengths were in training.
 * @param {Texts} texts
 * @param {(clauses: number) => void} onInput
 * @returns {{ node: HTMLElement, set: (clauses: number) => void }}
 */
export function clauseSlider(texts, onInput) {
  const { node, set } = slider({
    label: texts.clauses,
    name: "clauses",
    min: 1,
    max: ladder.length,
    step: 1,
    write: (count) => texts.clause(count, count <= trainedClauses),
    onInput,
  });
  // The border stands in the middle between the last place inside and the first one outside.
  const inside = `flex: ${trainedClauses - 0.5}`;
  const outside = `flex: ${ladder.length - trainedClauses - 0.5}`;
  const [trained, longer] = texts.ranges.map((text, i) => html("span", { style: i ? outside : inside }, text));
  return { node: html("div", { class: "growing" }, node, html("div", { class: "ranges" }, trained, longer)), set };
}

/**
 * A table of errors: a row a translator, a column a number of clauses.
 * @param {Texts} texts
 * @returns {{ node: HTMLElement, mark: (clauses: number | undefined) => void }} `mark` frames a column.
 */
export function errorTable(texts) {
  const places = ladder.map((_, i) => i + 1);
  const kind = (/** @type {number} */ count) => (count === trainedClauses + 1 ? "longer" : "");
  const heads = places.map((count) => html("th", { scope: "col", class: kind(count) }, String(count)));
  const rows = Object.entries(growingErrors()).map(([name, errors]) => {
    const cells = errors.map((error, i) =>
      html("td", { class: `${kind(i + 1)} ${error ? "faulty" : "right"}` }, error ? String(error) : "✓"),
    );
    return html("tr", {}, html("th", { scope: "row" }, texts.names[name]), ...cells);
  });
  const head = html("thead", {}, html("tr", {}, html("th", { scope: "col" }, texts.growth.head), ...heads));
  const caption = html("caption", {}, texts.growth.caption(trainedClauses));
  const table = html("table", {}, caption, head, html("tbody", {}, ...rows));
  return {
    node: html("div", { class: "growth" }, table),
    mark(clauses) {
      for (const cell of table.querySelectorAll("[data-now]")) change(cell, { "data-now": false });
      if (!clauses) return;
      for (const row of table.querySelectorAll("tr")) change(row.children[clauses], { "data-now": true });
    },
  };
}
