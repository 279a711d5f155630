/** The two classifiers, as in attnbook.models.attention_classifier: one query asks, every word of the text answers. */

import { softmax } from "../kit/activations.js";
import { embedding } from "../kit/embedding.js";
import { affine } from "../kit/linear.js";
import { lstm } from "../kit/lstm.js";
import { take, tensor } from "../kit/tensor.js";

/**
 * @typedef {import("../kit/tensor.js").Tensor} Tensor
 * @typedef {import("../kit/tensor.js").Tensors} Tensors
 * @typedef {import("./words.js").Reading} Reading
 */

/** What is weighed: the words' embeddings, or the states of an LSTM that reads them in both directions.
 * @type {Record<string, (tensors: Tensors, prefix: string, ids: number[]) => Tensor>} */
const STATES = {
  dp: (tensors, prefix, ids) => embedding(tensors, `${prefix}embedding.`, ids),
  // One embedding serves the models of every λ.
  "dp-l": (tensors, prefix, ids) => lstm(tensors, prefix, embedding(tensors, "dp-l.embedding.", ids)).output,
};

/** The classifiers' names, as `create_classifier` knows them. */
export const NAMES = Object.keys(STATES);

/**
 * Read a text: h_i of each word, its attention score a_i = h_i·V / λ and its polarity score s_i = h_i·W.
 * @param {Tensors} tensors Weights behind the classifier's name, λ and a point.
 * @param {string} name One of NAMES.
 * @param {number} scale λ, one of those trained.
 * @param {number[]} ids L ≥ 1 word ids.
 * @returns {Reading}
 * @throws {RangeError} A weight is missing or does not fit, an id outside the vocabulary, or an empty text.
 */
export function read(tensors, name, scale, ids) {
  const prefix = `${name}.${scale}.`;
  const states = STATES[name](tensors, prefix, ids); // (L, H)
  const [asked, judged] = ["query", "output"].map(
    (kind) => affine(states, take(tensors, prefix + kind, [1, states.shape[1]]), undefined).data, // (L)
  );
  return { attention: asked.map((score) => score / scale), polarity: judged };
}

/**
 * @param {ArrayLike<number>} attention Scores (L).
 * @returns {Float32Array} Weights (L), which sum to one.
 */
export function weigh(attention) {
  return softmax(tensor(attention, [attention.length])).data;
}

/**
 * The score of a text: s = Σ α_i s_i.
 * @param {ArrayLike<number>} weights
 * @param {ArrayLike<number>} polarity
 * @returns {number} Positive for a positive text; 0 where nothing has weight.
 */
export function judge(weights, polarity) {
  return Array.from(weights).reduce((sum, weight, i) => sum + weight * polarity[i], 0);
}
