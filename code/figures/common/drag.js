/** Points that move: with the mouse, a finger, or the arrow keys. */

import { change } from "./elements.js";

const STEPS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowDown: [0, -1],
  ArrowUp: [0, 1],
};

/**
 * Let a point be dragged.
 * @param {SVGGraphicsElement} node The handle; its group's coordinates are those of `place`.
 * @param {{ name: string, label: string, range: [number, number], step?: number,
 *   place: (event: PointerEvent) => [number, number], get: () => [number, number],
 *   move: (point: [number, number]) => void }} options
 *   `place` turns a pointer into coordinates; arrow keys move by `step`, with Shift by five of them.
 */
export function draggable(node, { name, label, range, step = 0.1, place, get, move }) {
  const [least, most] = range;
  const inside = (/** @type {number} */ value) => Math.min(most, Math.max(least, Math.round(value * 100) / 100));
  change(node, {
    tabindex: 0,
    role: "slider",
    "aria-label": label,
    "aria-valuemin": least,
    "aria-valuemax": most,
    "data-handle": name,
  });
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    node.setPointerCapture(event.pointerId);
    node.focus({ preventScroll: true });
  });
  node.addEventListener("pointermove", (event) => {
    if (!node.hasPointerCapture(event.pointerId)) return;
    const [x, y] = place(event);
    move([inside(x), inside(y)]);
  });
  node.addEventListener("keydown", (event) => {
    const direction = STEPS[/** @type {keyof typeof STEPS} */ (event.key)];
    if (!direction || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const [x, y] = get();
    const length = event.shiftKey ? 5 * step : step;
    move([inside(x + direction[0] * length), inside(y + direction[1] * length)]);
  });
}

/**
 * Where a pointer is, in the units of an SVG element.
 * @param {SVGGraphicsElement} element
 * @param {PointerEvent} event
 * @returns {[number, number]}
 */
export function pointIn(element, event) {
  const matrix = element.getScreenCTM();
  if (!matrix) return [0, 0];
  const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
  return [x, y];
}
