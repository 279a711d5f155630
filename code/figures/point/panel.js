/** One classifier: its answer on a scale from negative to positive, and where it points. */

import { change, html, svg } from "../common/elements.js";
import { chipRow } from "./chips.js";
import { signed, writeSide } from "./signs.js";

/**
 * @typedef {import("./chips.js").Texts} Texts
 * @typedef {import("./chips.js").Chip} Chip
 * @typedef {import("./answers.js").Answer} Answer
 */

const [WIDTH, HEIGHT, EDGE, LINE] = [340, 40, 12, 12];
const placeOn = (/** @type {number} */ probability) => EDGE + probability * (WIDTH - 2 * EDGE);

/**
 * @param {Texts} texts
 * @param {string} name
 * @param {import("./chips.js").Calls} calls
 * @returns {{ node: HTMLElement, row: ReturnType<typeof chipRow>, tell: (text: string) => void,
 *   draw: (chips: Chip[], answer: Answer | undefined, isEdited: boolean, accuracy: number) => void }} `tell` writes a
 *   line below the words.
 */
export function panel(texts, name, calls) {
  const row = chipRow(texts, name, calls);
  const scale = gauge(texts);
  const now = verdict(texts, name, "now");
  const before = verdict(texts, name, "before");
  const { short, long } = texts.names[name];
  const accuracy = html("span", { "data-name": `accuracy-${name}` });
  const head = html("p", { class: "who" }, html("span", {}, html("strong", {}, short), `: ${long}`), accuracy);
  const product = html("p", { class: "product" });
  const parts = [head, now.node, before.node, scale.node, row.node, product];
  return {
    node: html("section", { class: "panel", "data-model": name }, ...parts),
    row,
    tell(text) {
      product.textContent = text;
    },
    draw(chips, answer, isEdited, share) {
      row.draw(chips);
      accuracy.textContent = texts.accuracy(share);
      change(accuracy, { "data-value": share });
      now.draw(answer?.now);
      before.draw(isEdited ? answer?.before : undefined);
      scale.draw(answer, isEdited);
    },
  };
}

/**
 * @param {Texts} texts
 * @param {string} name
 * @param {"now" | "before"} kind
 * @returns {{ node: HTMLElement, draw: (judged: Answer["now"] | undefined) => void }}
 */
function verdict(texts, name, kind) {
  const side = html("span", { class: "side", "data-name": `probability-${name}-${kind}` });
  const score = html("span", { "data-name": `score-${name}-${kind}` });
  const node = html("p", { class: `verdict ${kind}` }, texts.verdict[kind], side, " · s = ", score);
  return {
    node,
    draw(judged) {
      // Its place is kept, so that nothing moves when it appears.
      change(node, { style: judged ? undefined : "visibility: hidden", "aria-hidden": judged ? undefined : "true" });
      if (!judged) return;
      const { probability, score: s } = judged;
      writeSide(side, texts.side(probability), probability, Math.round(100 * probability - 50));
      writeSide(score, signed(s), s, 0);
    },
  };
}

/**
 * A line from negative to positive: a dot for the answer, a ring for the answer to the untouched text.
 * @param {Texts} texts
 * @returns {{ node: SVGElement, draw: (answer: Answer | undefined, isEdited: boolean) => void }}
 */
function gauge(texts) {
  const [left, middle, right] = [0, 0.5, 1].map(placeOn);
  const ring = svg("circle", { cy: LINE, r: 6.5, class: "ring" });
  const dot = svg("circle", { cy: LINE, r: 6.5, class: "dot" });
  const way = svg("line", { y1: LINE, y2: LINE, class: "way" });
  const [negative, positive] = texts.ends;
  const node = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "gauge", "aria-hidden": "true" },
    svg("line", { x1: left, x2: middle, y1: LINE, y2: LINE, class: "negative" }),
    svg("line", { x1: middle, x2: right, y1: LINE, y2: LINE, class: "positive" }),
    svg("path", { d: `M${middle} ${LINE - 7}v14`, class: "half" }),
    svg("text", { x: 0, y: HEIGHT - 4 }, negative),
    svg("text", { x: WIDTH, y: HEIGHT - 4, "text-anchor": "end" }, positive),
    way,
    ring,
    dot,
  );
  return {
    node,
    draw(answer, isEdited) {
      const [from, to] = [answer?.before, answer?.now].map((judged) => placeOn(judged?.probability ?? 0.5));
      change(dot, { cx: to, visibility: answer ? "visible" : "hidden" });
      for (const node of [ring, way]) change(node, { visibility: answer && isEdited ? "visible" : "hidden" });
      change(ring, { cx: from });
      change(way, { x1: from, x2: to });
    },
  };
}
