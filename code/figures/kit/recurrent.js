import { affine } from "./linear.js";
import { check, concatenate, row, show, stack, take } from "./tensor.js";

/** @typedef {import("./tensor.js").Tensor} Tensor */
/** @typedef {import("./tensor.js").Tensors} Tensors */

/**
 * One step of a recurrent layer. Its states are vectors (H): the GRU has one, the LSTM two; the first is its output.
 * @typedef {object} Cell
 * @property {Tensor[]} start states of zeros.
 * @property {(input: Tensor, states: Tensor[]) => Tensor[]} step from an input (C) and the states to the next states.
 */

/**
 * Run cells over a sequence as torch.nn.GRU and torch.nn.LSTM do: in layers, each layer in one direction or in both.
 * How many there are is read off the names: `weight_ih_l0`, `weight_ih_l0_reverse`, `weight_ih_l1`, and so on.
 * @param {Tensors} tensors
 * @param {string} prefix of the names.
 * @param {Tensor} input (T, C), T at least one.
 * @param {(tensors: Tensors, prefix: string, suffix: string) => Cell} makeCell
 * @param {Tensor[]} [initial] for each state of the cell (layers · directions, H); zeros when not given.
 * @returns {{ output: Tensor, states: Tensor[] }} output (T, directions · H) of the last layer; the final states, each
 *   (layers · directions, H).
 * @throws {RangeError} a weight is missing, shapes do not fit, or the sequence is empty.
 */
export function recurrent(tensors, prefix, input, makeCell, initial) {
  if (check(input, ["T", "C"], "input").shape[0] === 0) {
    throw new RangeError(`input must have at least one step; got ${show(input.shape)}`);
  }
  const directions = tensors.has(`${prefix}weight_ih_l0_reverse`) ? ["", "_reverse"] : [""];
  let numLayers = 1;
  while (tensors.has(`${prefix}weight_ih_l${numLayers}`)) {
    numLayers++;
  }
  /** @type {Tensor[][]} */
  const finals = [];
  let sequence = input;
  for (let layer = 0; layer < numLayers; layer++) {
    const outputs = directions.map((direction) => {
      const cell = makeCell(tensors, prefix, `_l${layer}${direction}`);
      const sizes = [numLayers * directions.length, cell.start[0].shape[0]];
      const states = initial?.map((state) => row(check(state, sizes, "initial state"), finals.length));
      const run = runCell(cell, sequence, states ?? cell.start, direction === "_reverse");
      finals.push(run.states);
      return run.output;
    });
    sequence = concatenate(outputs);
  }
  return { output: sequence, states: finals[0].map((_, which) => stack(finals.map((states) => states[which]))) };
}

/**
 * @param {Cell} cell
 * @param {Tensor} sequence (T, C).
 * @param {Tensor[]} states
 * @param {boolean} backwards from the last step to the first.
 * @returns {{ output: Tensor, states: Tensor[] }} output (T, H), in the order of the sequence either way.
 */
function runCell(cell, sequence, states, backwards) {
  const length = sequence.shape[0];
  /** @type {Tensor[]} */
  const outputs = new Array(length);
  for (let step = 0; step < length; step++) {
    const place = backwards ? length - 1 - step : step;
    states = cell.step(row(sequence, place), states);
    outputs[place] = states[0];
  }
  return { output: stack(outputs), states };
}

/**
 * What the gates of a cell hear, from the input and from the hidden state; what they make of it is each cell's own.
 * @param {Tensors} tensors holds `weight_ih` (gates · H, C) and `weight_hh` (gates · H, H) and, if there are any,
 *   `bias_ih` and `bias_hh` (gates · H), with the suffix.
 * @param {string} prefix of the names.
 * @param {string} suffix of the names: "" for torch's cells, such as "_l0_reverse" for a layer's.
 * @param {number} numGates
 * @returns {{ size: number, hear: (input: Tensor, hidden: Tensor) => [Float32Array, Float32Array] }} H, and the
 *   function from an input (C) and a hidden state (H) to the two sums (gates · H).
 * @throws {RangeError} a weight is missing, or shapes do not fit.
 */
export function gates(tensors, prefix, suffix, numGates) {
  const size = take(tensors, `${prefix}weight_hh${suffix}`, [`${numGates} H`, "H"]).shape[1];
  const onHidden = take(tensors, `${prefix}weight_hh${suffix}`, [numGates * size, size]);
  const onInput = take(tensors, `${prefix}weight_ih${suffix}`, [numGates * size, "C"]);
  const inputBias = tensors.get(`${prefix}bias_ih${suffix}`);
  const hiddenBias = tensors.get(`${prefix}bias_hh${suffix}`);
  return {
    size,
    hear: (input, hidden) => [
      affine(check(input, [onInput.shape[1]], "input"), onInput, inputBias).data,
      affine(check(hidden, [size], "hidden state"), onHidden, hiddenBias).data,
    ],
  };
}
