/** Write numbers for people, and keep them whole for tests. */

/**
 * A number with a fixed count of decimals and a true minus sign; "−0.00" is "0.00".
 * @param {number} value
 * @param {number} [decimals]
 * @returns {string}
 */
export function written(value, decimals = 2) {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/**
 * Show a number in an element: rounded as text, whole in `data-value`.
 * @param {Element} node
 * @param {number} value
 * @param {number} [decimals]
 */
export function show(node, value, decimals = 2) {
  const text = written(value, decimals);
  if (node.textContent !== text) node.textContent = text;
  node.setAttribute("data-value", String(value));
}
