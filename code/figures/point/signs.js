/** Positive and negative numbers, told apart by a sign and not by a colour alone. */

import { change } from "../common/elements.js";
import { written } from "../common/numbers.js";

/**
 * A number with its sign, plus or minus; none where it is rounded to zero.
 * @param {number} value
 * @param {number} [decimals]
 * @returns {string}
 */
export function signed(value, decimals = 2) {
  const text = written(value, decimals);
  return Number(text) > 0 ? `+${text}` : text;
}

/**
 * Write a text about a number: its colour says which side it is on, `data-value` holds it whole.
 * @param {Element} node
 * @param {string} text
 * @param {number} value
 * @param {number} direction Under zero, zero (which is on no side), or above.
 */
export function writeSide(node, text, value, direction) {
  if (node.textContent !== text) node.textContent = text;
  change(node, { "data-value": value });
  node.classList.toggle("positive", direction > 0);
  node.classList.toggle("negative", direction < 0);
}
