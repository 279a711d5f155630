/** The same in numbers: one row a key, and the output in the last. */

import { change, html } from "../common/elements.js";
import { show } from "../common/numbers.js";

/**
 * @typedef {import("./model.js").Point} Point
 * @typedef {import("./model.js").Question} Question
 * @typedef {import("./model.js").Answer} Answer
 */

/**
 * @param {import("./planes.js").Texts} texts
 * @returns {{ node: HTMLElement, draw: (question: Question, answer: Answer) => void }}
 */
export function numbers(texts) {
  const rows = [1, 2, 3, 4].map((i) => row(texts, i));
  const sum = number("sum");
  const output = point("output");
  const heads = Object.entries(texts.heads).map(([name, text]) =>
    html("th", { scope: "col", style: `white-space: normal; ${STYLES[name]}` }, text),
  );
  const node = html(
    "table",
    {},
    html("thead", {}, html("tr", {}, ...heads)),
    html("tbody", {}, ...rows.map((one) => one.node)),
    html(
      "tfoot",
      {},
      html(
        "tr",
        {},
        html("th", { scope: "row", colspan: 2 }, texts.sum),
        html("td", { style: "color: var(--weight)" }, sum),
        html("td", { style: "color: var(--output)" }, ...output.nodes),
      ),
    ),
  );
  function draw(/** @type {Question} */ question, /** @type {Answer} */ answer) {
    rows.forEach((one, i) => one.draw(question, answer, i));
    show(sum, answer.weights.reduce((total, weight) => total + weight, 0), 3);
    output.draw(answer.output);
  }
  return { node, draw };
}

/** @type {Record<string, string>} */
const STYLES = {
  key: "color: var(--key)",
  score: "",
  weight: "color: var(--weight); width: 30%",
  value: "color: var(--value)",
};

/**
 * @param {import("./planes.js").Texts} texts
 * @param {number} i From 1.
 * @returns {{ node: HTMLElement, draw: (question: Question, answer: Answer, index: number) => void }}
 */
function row(texts, i) {
  const [key, value] = [point(`key-${i}`), point(`value-${i}`)];
  const [score, weight] = [number(`score-${i}`), number(`weight-${i}`)];
  const bar = html("div", { class: "bar" });
  const name = html("strong", { class: "name", style: "color: var(--key)" }, texts.key(i));
  const other = html("strong", { class: "name", style: "color: var(--value)" }, texts.value(i));
  const node = html(
    "tr",
    {},
    html("th", { scope: "row", style: "font-weight: inherit" }, name, " ", ...key.nodes),
    html("td", {}, score),
    html("td", {}, html("div", { class: "measured" }, html("div", {}, bar), weight)),
    html("td", {}, other, " ", ...value.nodes),
  );
  function draw(/** @type {Question} */ question, /** @type {Answer} */ answer, /** @type {number} */ index) {
    key.draw(question.keys[index]);
    value.draw(question.values[index]);
    show(score, answer.scores[index]);
    show(weight, answer.weights[index], 3);
    change(bar, { style: `width: ${100 * answer.weights[index]}%` });
  }
  return { node, draw };
}

/**
 * @param {string} name
 * @returns {HTMLElement}
 */
function number(name) {
  return html("span", { "data-name": name });
}

/**
 * Two numbers in brackets.
 * @param {string} name
 * @returns {{ nodes: (Node | string)[], draw: (point: Point) => void }}
 */
function point(name) {
  const [x, y] = [number(`${name}-x`), number(`${name}-y`)];
  const together = html("span", { style: "white-space: nowrap" }, "(", x, ", ", y, ")");
  return {
    nodes: [together],
    draw(given) {
      show(x, given[0]);
      show(y, given[1]);
    },
  };
}
