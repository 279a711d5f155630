/** The functions between the layers; each takes a tensor and returns one of the same shape. */

/** @typedef {import("./tensor.js").Tensor} Tensor */

/**
 * One over one plus e to the minus x.
 * @param {number} x
 * @returns {number} between 0 and 1.
 */
export function logistic(x) {
  return 1 / (1 + Math.exp(-x));
}

/**
 * @param {Tensor} input
 * @returns {Tensor} the logistic function of every number.
 */
export function sigmoid(input) {
  return { data: input.data.map(logistic), shape: input.shape };
}

/**
 * @param {Tensor} input
 * @returns {Tensor} the hyperbolic tangent of every number.
 */
export function tanh(input) {
  return { data: input.data.map(Math.tanh), shape: input.shape };
}

/**
 * @param {Tensor} input
 * @returns {Tensor} every number, or zero where it is negative.
 */
export function relu(input) {
  return { data: input.data.map((x) => (x < 0 ? 0 : x)), shape: input.shape };
}

/**
 * The exact GELU: x times the normal distribution's share below x (Hendrycks and Gimpel 2016, arXiv:1606.08415).
 * @param {Tensor} input
 * @returns {Tensor}
 */
export function gelu(input) {
  return { data: input.data.map((x) => (x / 2) * (1 + errorFunction(x / Math.SQRT2))), shape: input.shape };
}

/**
 * The error function by a series whose terms all have one sign, so that nothing cancels.
 * @param {number} x
 * @returns {number} within 1e-9.
 */
function errorFunction(x) {
  if (Math.abs(x) > 4.5) {
    return Math.sign(x);
  }
  let sum = 0;
  for (let n = 1, term = x; Math.abs(term) > 1e-12; n += 1) {
    sum += term;
    term *= (2 * x * x) / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/**
 * Softmax over the last axis. A row of nothing but -Infinity gives zeros, where PyTorch gives NaN.
 * @param {Tensor} scores (..., C).
 * @returns {Tensor} (..., C): rows that sum to one.
 */
export function softmax(scores) {
  const width = scores.shape[scores.shape.length - 1];
  const weights = new Float32Array(scores.data.length);
  for (let start = 0; start < weights.length; start += width) {
    const row = scores.data.subarray(start, start + width);
    const largest = row.reduce((most, score) => Math.max(most, score), -Infinity);
    if (largest === -Infinity) {
      continue;
    }
    // The largest score is taken off first: its exponential would overflow.
    const exponentials = Array.from(row, (score) => Math.exp(score - largest));
    const sum = exponentials.reduce((total, value) => total + value, 0);
    exponentials.forEach((value, index) => (weights[start + index] = value / sum));
  }
  return { data: weights, shape: scores.shape };
}
