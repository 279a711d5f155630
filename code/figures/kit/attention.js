import { softmax } from "./activations.js";
import { affine, linear } from "./linear.js";
import { check, columns, concatenate, multiply, multiplyTransposed, rows, show, stack, take } from "./tensor.js";

/** @typedef {import("./tensor.js").Tensor} Tensor */
/** @typedef {import("./tensor.js").Tensors} Tensors */
/**
 * @typedef {object} Options
 * @property {boolean[][]} [mask] (Lq, Lk); true = may attend.
 * @property {boolean} [causal] also forbid keys to the right of the query; aligned at the bottom right.
 * @property {number} [scale] of the scores; 1 / √E when not given.
 */

/**
 * Weigh the values by how well their keys match the query: softmax(scale · Q Kᵀ) V (Vaswani et al. 2017, eq. 1).
 * @param {Tensor} query (Lq, E).
 * @param {Tensor} key (Lk, E).
 * @param {Tensor} value (Lk, Ev).
 * @param {Options} [options]
 * @returns {{ output: Tensor, weights: Tensor }} output (Lq, Ev); weights (Lq, Lk). A query that may attend to no key
 *   gets zeros.
 * @throws {RangeError} shapes that do not fit.
 * @throws {TypeError} a mask of something else than true and false.
 */
export function attend(query, key, value, { mask, causal = false, scale } = {}) {
  const [numQueries, width] = check(query, ["Lq", "E"], "query").shape;
  const numKeys = check(key, ["Lk", width], "key").shape[0];
  check(value, [numKeys, "Ev"], "value");
  if (mask) {
    checkMask(mask, numQueries, numKeys);
  }
  const scores = multiplyTransposed(query, key); // (Lq, Lk)
  const factor = scale ?? 1 / Math.sqrt(width);
  for (let i = 0, place = 0; i < numQueries; i++) {
    for (let j = 0; j < numKeys; j++, place++) {
      const allowed = (!mask || mask[i][j]) && (!causal || j - i <= numKeys - numQueries);
      scores.data[place] = allowed ? scores.data[place] * factor : -Infinity;
    }
  }
  const weights = softmax(scores); // a row of nothing but -Infinity becomes zeros
  return { output: multiply(weights, value), weights };
}

/**
 * @param {boolean[][]} mask
 * @param {number} numQueries
 * @param {number} numKeys
 */
function checkMask(mask, numQueries, numKeys) {
  if (mask.length !== numQueries || mask.some((row) => row.length !== numKeys)) {
    const lengths = [...new Set(mask.map((row) => row.length))].join(" or ");
    throw new RangeError(`mask must be ${show([numQueries, numKeys])}; got ${show([mask.length, lengths])}`);
  }
  if (mask.some((row) => row.some((allowed) => typeof allowed !== "boolean"))) {
    throw new TypeError("mask must hold true (may attend) and false only");
  }
}

/**
 * Several attentions side by side, each on its own columns of query, key and value.
 * @param {Tensor} query (Lq, heads · E).
 * @param {Tensor} key (Lk, keyHeads · E); with fewer heads than the query, neighbouring heads share one.
 * @param {Tensor} value (Lk, keyHeads · Ev).
 * @param {number} numHeads of the query.
 * @param {Options} [options] one mask for all heads.
 * @returns {{ output: Tensor, weights: Tensor }} output (Lq, heads · Ev); weights (heads, Lq, Lk).
 * @throws {RangeError} heads that do not divide the columns, or shapes that do not fit.
 */
export function attendHeads(query, key, value, numHeads, options) {
  const width = query.shape[1] / numHeads;
  const numKeyHeads = key.shape[1] / width;
  const valueWidth = value.shape[1] / numKeyHeads;
  const group = numHeads / numKeyHeads;
  if (![numHeads, width, numKeyHeads, valueWidth, group].every((count) => Number.isInteger(count) && count > 0)) {
    const came = [query, key, value].map(({ shape }) => show(shape)).join(", ");
    throw new RangeError(`the heads must divide the columns of query, key and value; got ${numHeads} for ${came}`);
  }
  const heads = Array.from({ length: numHeads }, (_, head) => {
    const keyHead = Math.floor(head / group);
    return attend(
      columns(query, head * width, (head + 1) * width),
      columns(key, keyHead * width, (keyHead + 1) * width),
      columns(value, keyHead * valueWidth, (keyHead + 1) * valueWidth),
      options,
    );
  });
  return {
    output: concatenate(heads.map(({ output }) => output)),
    weights: stack(heads.map(({ weights }) => weights)),
  };
}

/**
 * torch.nn.MultiheadAttention, and the book's MultiHeadAttention: which one is read off the names of the weights.
 * @param {Tensors} tensors torch's `in_proj_weight` or `q_proj_weight` and so on, `in_proj_bias`, `out_proj`; or the
 *   book's `query_projection`, `key_projection`, `value_projection`, `output_projection`.
 * @param {string} prefix of the names, such as "self_attn.".
 * @param {Tensor} query (Lq, C).
 * @param {Tensor} key (Lk, Ck); the query itself for self-attention.
 * @param {Tensor} value (Lk, Cv).
 * @param {{ numHeads: number } & Options} options numHeads is not in the weights, so it must be said.
 * @returns {{ output: Tensor, weights: Tensor }} output (Lq, C); weights (heads, Lq, Lk).
 * @throws {RangeError} a weight is missing, or shapes that do not fit.
 * @throws {TypeError} a mask of something else than true and false.
 */
export function multiHeadAttention(tensors, prefix, query, key, value, { numHeads, ...options }) {
  const isTorch = tensors.has(`${prefix}out_proj.weight`);
  const projected = [query, key, value].map((input, index) =>
    isTorch
      ? projectAsTorch(tensors, prefix, input, index)
      : linear(tensors, `${prefix}${["query", "key", "value"][index]}_projection.`, input),
  );
  const { output, weights } = attendHeads(projected[0], projected[1], projected[2], numHeads, options);
  return { output: linear(tensors, `${prefix}${isTorch ? "out_proj" : "output_projection"}.`, output), weights };
}

/**
 * Torch keeps the three projections on top of each other in one matrix, unless key or value has a size of its own.
 * @param {Tensors} tensors
 * @param {string} prefix
 * @param {Tensor} input (L, C).
 * @param {number} index 0 for the query, 1 for the key, 2 for the value.
 * @returns {Tensor} (L, E).
 */
function projectAsTorch(tensors, prefix, input, index) {
  const size = take(tensors, `${prefix}out_proj.weight`, ["E", "E"]).shape[0];
  const third = (/** @type {string} */ name, /** @type {(number | string)[]} */ sizes) =>
    rows(take(tensors, prefix + name, [3 * size, ...sizes]), index * size, (index + 1) * size);
  const weight = tensors.has(`${prefix}in_proj_weight`)
    ? third("in_proj_weight", ["C"])
    : take(tensors, `${prefix}${"qkv"[index]}_proj_weight`, [size, "C"]);
  return affine(input, weight, tensors.has(`${prefix}in_proj_bias`) ? third("in_proj_bias", []) : undefined);
}
