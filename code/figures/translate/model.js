/** The three translators, as in attnbook.models: read the source once, then write one word after the other. */

import { softmax, tanh } from "../kit/activations.js";
import { attend } from "../kit/attention.js";
import { embedding } from "../kit/embedding.js";
import { gru, gruCell } from "../kit/gru.js";
import { affine, linear } from "../kit/linear.js";
import { lstm, lstmCell } from "../kit/lstm.js";
import { columns, concatenate, multiply, row, take, tensor, zeros } from "../kit/tensor.js";

/**
 * @typedef {import("../kit/tensor.js").Tensor} Tensor
 * @typedef {import("../kit/tensor.js").Tensors} Tensors
 * @typedef {{ features: () => Tensor, weights?: Tensor }} Decoded What the output layer reads (1, F), made when it is
 *   asked for; where the model looked in the source (1, S), if it looks.
 * @typedef {(embedded: Tensor) => Decoded} Decoder Takes one more embedded word (1, E) and remembers its state.
 * @typedef {{ words: number[], logits: Float32Array[], weights: Float32Array[] }} Written
 *   One entry a word, the last one </s> unless it was cut off; `weights` (S) are missing for the fixed vector.
 */

export const [PAD, UNKNOWN, START, END] = [0, 1, 2, 3];

/** @type {Record<string, (tensors: Tensors, prefix: string, source: number[]) => Decoder>} */
const READERS = { fixed_vector: fixedVector, rnnsearch: rnnSearch, "luong-general": luong };

/** The translators' names, as `create_translator` knows them; those that attend come last. */
export const NAMES = Object.keys(READERS);

/**
 * Translate: write the most probable word, then the most probable after it, as attnbook's greedy_search does.
 * @param {Tensors} tensors Each translator's weights, behind its name and a point.
 * @param {string} name One of NAMES.
 * @param {number[]} source S word ids, the last one </s>.
 * @param {number} [maxLength] Words at most; as in attnbook's recipe when not given.
 * @returns {Written}
 * @throws {RangeError} A weight is missing or does not fit, an id outside the vocabulary, or an empty source.
 */
export function translate(tensors, name, source, maxLength = Math.floor(source.length * 1.5) + 10) {
  return write(tensors, name, source, (logits, length) => (length < maxLength ? best(logits) : undefined));
}

/**
 * Where a translator looks while it is made to write what is given, without the logits, which cost the most.
 * @param {Tensors} tensors
 * @param {string} name One that attends.
 * @param {number[]} source S word ids, the last one </s>.
 * @param {number[]} target Word ids, one at least, </s> only as the last.
 * @returns {Float32Array[]} One row (S) a word.
 * @throws {RangeError} As `translate`, and of a translator that does not attend.
 */
export function look(tensors, name, source, target) {
  const decode = READERS[name](tensors, `${name}.`, source);
  return [START, ...target.slice(0, -1)].map((last) => {
    const { weights } = decode(embedding(tensors, `${name}.target_embedding.`, [last]));
    if (!weights) throw new RangeError(`${name} looks nowhere`);
    return weights.data;
  });
}

/**
 * Write word after word, as they are chosen.
 * @param {Tensors} tensors
 * @param {string} name
 * @param {number[]} source S word ids, the last one </s>.
 * @param {(logits: Float32Array, length: number) => number | undefined} choose The next word; none ends it.
 * @returns {Written}
 * @throws {RangeError} As `translate`.
 */
export function write(tensors, name, source, choose) {
  const prefix = `${name}.`;
  const decode = READERS[name](tensors, prefix, source);
  // A model with tied embeddings scores a word by its embedding; its matrix is stored once.
  const isTied = !tensors.has(`${prefix}output.weight`);
  const output = new Map([["bias", take(tensors, `${prefix}output.bias`, ["V"])]]);
  output.set("weight", take(tensors, `${prefix}${isTied ? "target_embedding" : "output"}.weight`, ["V", "F"]));
  /** @type {Written} */
  const written = { words: [], logits: [], weights: [] };
  for (let last = START; last !== END; ) {
    const { features, weights } = decode(embedding(tensors, `${prefix}target_embedding.`, [last]));
    const logits = linear(output, "", features()).data;
    const word = choose(logits, written.words.length);
    if (word === undefined) break;
    written.words.push(word);
    written.logits.push(logits);
    if (weights) written.weights.push(weights.data);
    last = word;
  }
  return written;
}

/**
 * @param {Float32Array} logits
 * @returns {number} The most probable word; <pad> and <s> are no words to write.
 */
function best(logits) {
  let most = UNKNOWN;
  for (let word = END; word < logits.length; word++) {
    if (logits[word] > logits[most]) most = word;
  }
  return most;
}

/** @type {typeof READERS[string]} Cho et al. 2014: the encoder's last state is all that the decoder hears. */
function fixedVector(tensors, prefix, source) {
  const { hidden } = gru(tensors, `${prefix}encoder.rnn.`, embedding(tensors, `${prefix}encoder.embedding.`, source));
  const context = asRow(hidden); // (1, 2H)
  // The context stays the same: what the layers make of it is worked out once, not once a word.
  const knowing = new Map([
    ...known(tensors, `${prefix}rnn.weight_ih_l0`, `${prefix}rnn.bias_ih_l0`, context),
    ...known(tensors, `${prefix}readout.projection.weight`, `${prefix}readout.projection.bias`, context),
  ]);
  const own = new Map([...tensors, ...knowing]);
  const cell = gruCell(own, `${prefix}rnn.`, "_l0");
  let state = tanh(linear(tensors, `${prefix}bridge.`, row(context, 0))); // (H)
  return (embedded) => {
    [state] = cell.step(row(embedded, 0), [state]);
    const heard = concatenate([embedded, asRow(state)]);
    return { features: () => maxout(own, `${prefix}readout.`, heard) };
  };
}

/** @type {typeof READERS[string]} Bahdanau et al. 2015: the state before a word asks, with the additive score. */
function rnnSearch(tensors, prefix, source) {
  const { output: states } = gru(
    tensors,
    `${prefix}encoder.rnn.`,
    embedding(tensors, `${prefix}encoder.embedding.`, source),
  ); // (S, 2H)
  const keys = linear(tensors, `${prefix}score.key_projection.`, states); // (S, A)
  const score = additive(keys, take(tensors, `${prefix}score.energy.weight`, [1, keys.shape[1]]));
  const cell = gruCell(joined(tensors, prefix), "");
  const size = cell.start[0].shape[0];
  const backward = tensor(states.data.subarray(size, 2 * size), [size]); // the backward state at the first word
  let state = tanh(linear(tensors, `${prefix}bridge.`, backward)); // (H)
  return (embedded) => {
    const query = linear(tensors, `${prefix}score.query_projection.`, state); // (A)
    const weights = softmax(score(query)); // (1, S)
    const context = multiply(weights, states); // (1, 2H)
    [state] = cell.step(row(concatenate([embedded, context]), 0), [state]);
    const heard = concatenate([embedded, asRow(state), context]);
    return { features: () => maxout(tensors, `${prefix}readout.`, heard), weights };
  };
}

/** @type {typeof READERS[string]} Luong et al. 2015, global, "general": the state after a word asks, q·W·k. */
function luong(tensors, prefix, source) {
  const read = lstm(tensors, `${prefix}encoder.rnn.`, embedding(tensors, `${prefix}encoder.embedding.`, source));
  const cell = lstmCell(tensors, `${prefix}rnn.`, "_l0");
  let states = [read.hidden, read.cell].map((last) => row(asRow(last), 0)); // (H) each
  return (embedded) => {
    states = cell.step(row(embedded, 0), states);
    const output = asRow(states[0]);
    const query = linear(tensors, `${prefix}score.projection.`, output); // (1, H)
    const { output: context, weights } = attend(query, read.output, read.output, { scale: 1 });
    const heard = concatenate([context, output]);
    return { features: () => tanh(linear(tensors, `${prefix}combine.`, heard)), weights };
  };
}

/**
 * The additive score v·tanh(k + q) of every key. As tanh x = 1 - 2 / (e^2x + 1), and e^2(k + q) is a product, the
 * exponentials of the keys are taken once a sentence; a tanh for every key and word would cost more than all matrices.
 * @param {Tensor} keys (S, A).
 * @param {Tensor} energy v (1, A).
 * @returns {(query: Tensor) => Tensor} From a query (A) to its scores (1, S).
 */
function additive(keys, energy) {
  const exponential = (/** @type {Tensor} */ { data }) => Float64Array.from(data, (value) => Math.exp(2 * value));
  const ofKeys = exponential(keys);
  return (query) => {
    const ofQuery = exponential(query);
    const scores = zeros([1, keys.shape[0]]);
    for (let j = 0, place = 0; j < scores.data.length; j++) {
      let sum = 0;
      for (let i = 0; i < ofQuery.length; i++) sum += energy.data[i] * (1 - 2 / (ofKeys[place++] * ofQuery[i] + 1));
      scores.data[j] = sum;
    }
    return scores;
  };
}

/**
 * A layer that hears always the same in the last columns of its matrix: fewer columns, and what they hear in the bias.
 * @param {Tensors} tensors
 * @param {string} weightName
 * @param {string} biasName
 * @param {Tensor} input (1, C), what the last C columns hear.
 * @returns {[string, Tensor][]} The weights by the same names.
 */
function known(tensors, weightName, biasName, input) {
  const weight = take(tensors, weightName, ["out", "in"]);
  const [size, width] = weight.shape;
  const rest = width - input.shape[1];
  const bias = affine(input, columns(weight, rest, width), take(tensors, biasName, [size]));
  return [[weightName, columns(weight, 0, rest)], [biasName, row(bias, 0)]];
}

/**
 * The decoder's GRU of RNNsearch as one cell: attnbook keeps apart what reads the word and what reads the context.
 * @param {Tensors} tensors
 * @param {string} prefix
 * @returns {Tensors}
 */
function joined(tensors, prefix) {
  const part = (/** @type {string} */ name) => take(tensors, `${prefix}${name}.weight`, ["3 H", "C"]);
  return new Map([
    ["weight_ih", concatenate([part("word_gates"), part("context_gates")])],
    ["weight_hh", part("state_gates")],
    ["bias_ih", take(tensors, `${prefix}word_gates.bias`, ["3 H"])],
    ["bias_hh", take(tensors, `${prefix}state_gates.bias`, ["3 H"])],
  ]);
}

/** @type {(given: Tensor) => Tensor} All numbers in one row: of (2, H), the two directions of a layer, (1, 2H). */
const asRow = ({ data }) => tensor(data, [1, data.length]);

/**
 * A linear layer, and of each two features the larger: feature j of the first half and of the second.
 * @param {Tensors} tensors
 * @param {string} prefix
 * @param {Tensor} input (1, in).
 * @returns {Tensor} (1, out).
 */
function maxout(tensors, prefix, input) {
  const both = linear(tensors, `${prefix}projection.`, input).data;
  const size = both.length / 2;
  return tensor(both.slice(0, size).map((value, i) => Math.max(value, both[size + i])), [1, size]);
}
