import { row, stack, take, zeros } from "./tensor.js";

/** @typedef {import("./tensor.js").Tensor} Tensor */
/** @typedef {import("./tensor.js").Tensors} Tensors */

/**
 * torch.nn.Embedding: the row of the table for each token.
 * @param {Tensors} tensors holds `weight` (tokens, C).
 * @param {string} prefix of the name, such as "embedding.".
 * @param {ArrayLike<number>} indices T whole numbers under the number of tokens.
 * @returns {Tensor} (T, C).
 * @throws {RangeError} the table is missing, or an index is not in it.
 */
export function embedding(tensors, prefix, indices) {
  const table = take(tensors, `${prefix}weight`, ["tokens", "C"]);
  const [size, width] = table.shape;
  const found = Array.from(indices, (index) => {
    if (!Number.isInteger(index) || index < 0 || index >= size) {
      throw new RangeError(`an index of ${prefix}weight must be a whole number from 0 to ${size - 1}; got ${index}`);
    }
    return row(table, index);
  });
  return found.length ? stack(found) : zeros([0, width]);
}
