import { logistic } from "./activations.js";
import { gates, recurrent } from "./recurrent.js";
import { zeros } from "./tensor.js";

/** @typedef {import("./recurrent.js").Cell} Cell */
/** @typedef {import("./tensor.js").Tensor} Tensor */
/** @typedef {import("./tensor.js").Tensors} Tensors */

/**
 * torch.nn.GRUCell (Cho et al. 2014, arXiv:1406.1078; the reset gate acts behind the matrix, as in cuDNN).
 * @param {Tensors} tensors holds the weights that `gates` names, for three gates: reset, update, new.
 * @param {string} prefix of the names, such as "decoder.".
 * @param {string} [suffix] of the names; a layer has one for each of its cells.
 * @returns {Cell} with one state: hidden (H).
 * @throws {RangeError} a weight is missing, or shapes do not fit.
 */
export function gruCell(tensors, prefix, suffix = "") {
  const { size, hear } = gates(tensors, prefix, suffix, 3);
  return {
    start: [zeros([size])],
    step(input, [hidden]) {
      const [fromInput, fromHidden] = hear(input, hidden);
      const next = zeros([size]);
      for (let i = 0; i < size; i++) {
        const reset = logistic(fromInput[i] + fromHidden[i]);
        const update = logistic(fromInput[size + i] + fromHidden[size + i]);
        const fresh = Math.tanh(fromInput[2 * size + i] + reset * fromHidden[2 * size + i]);
        next.data[i] = (1 - update) * fresh + update * hidden.data[i];
      }
      return [next];
    },
  };
}

/**
 * torch.nn.GRU over one sequence, without a batch; layers and directions are read off the names of the weights.
 * @param {Tensors} tensors
 * @param {string} prefix of the names, such as "encoder.".
 * @param {Tensor} input (T, C), T at least one.
 * @param {Tensor} [initial] hidden state (layers · directions, H); zeros when not given.
 * @returns {{ output: Tensor, hidden: Tensor }} output (T, directions · H); hidden (layers · directions, H).
 * @throws {RangeError} a weight is missing, shapes do not fit, or the sequence is empty.
 */
export function gru(tensors, prefix, input, initial) {
  const { output, states } = recurrent(tensors, prefix, input, gruCell, initial && [initial]);
  return { output, hidden: states[0] };
}
