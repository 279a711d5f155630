import { check, take, zeros } from "./tensor.js";

/** @typedef {import("./tensor.js").Tensor} Tensor */
/** @typedef {import("./tensor.js").Tensors} Tensors */

/**
 * torch.nn.LayerNorm over the last axis (Ba et al. 2016, arXiv:1607.06450): mean 0 and variance 1, then weight, bias.
 * @param {Tensors} tensors holds `weight` (C) and, if there is one, `bias` (C).
 * @param {string} prefix of the names, such as "norm1.".
 * @param {Tensor} input (..., C).
 * @param {number} [epsilon] added to the variance; torch's default.
 * @returns {Tensor} (..., C).
 * @throws {RangeError} a weight is missing, or shapes do not fit.
 */
export function layerNorm(tensors, prefix, input, epsilon = 1e-5) {
  const weight = take(tensors, `${prefix}weight`, ["C"]);
  const width = weight.shape[0];
  check(input, ["...", width], "input");
  const bias = tensors.has(`${prefix}bias`) ? take(tensors, `${prefix}bias`, [width]) : zeros([width]);
  const output = zeros(input.shape);
  for (let start = 0; start < input.data.length; start += width) {
    const row = input.data.subarray(start, start + width);
    const mean = row.reduce((sum, x) => sum + x, 0) / width;
    const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / width;
    const scale = 1 / Math.sqrt(variance + epsilon);
    row.forEach((x, i) => (output.data[start + i] = (x - mean) * scale * weight.data[i] + bias.data[i]));
  }
  return output;
}
