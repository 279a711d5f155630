import { check, multiplyTransposed, take } from "./tensor.js";

/** @typedef {import("./tensor.js").Tensor} Tensor */
/** @typedef {import("./tensor.js").Tensors} Tensors */

/**
 * Multiply by a matrix and add a bias: x Wᵀ + b.
 * @param {Tensor} input (..., in).
 * @param {Tensor} weight (out, in).
 * @param {Tensor | undefined} bias (out).
 * @returns {Tensor} (..., out).
 * @throws {RangeError} shapes that do not fit.
 */
export function affine(input, weight, bias) {
  check(input, ["...", weight.shape[1]], "input");
  const output = multiplyTransposed(input, weight);
  if (bias) {
    const width = check(bias, [weight.shape[0]], "bias").shape[0];
    for (let start = 0; start < output.data.length; start += width) {
      for (let j = 0; j < width; j++) output.data[start + j] += bias.data[j];
    }
  }
  return output;
}

/**
 * torch.nn.Linear.
 * @param {Tensors} tensors holds `weight` (out, in) and, if there is one, `bias` (out).
 * @param {string} prefix of the names, such as "encoder.".
 * @param {Tensor} input (..., in).
 * @returns {Tensor} (..., out).
 * @throws {RangeError} a weight is missing, or shapes do not fit.
 */
export function linear(tensors, prefix, input) {
  return affine(input, take(tensors, `${prefix}weight`, ["out", "in"]), tensors.get(`${prefix}bias`));
}
