import { logistic } from "./activations.js";
import { gates, recurrent } from "./recurrent.js";
import { zeros } from "./tensor.js";

/** @typedef {import("./recurrent.js").Cell} Cell */
/** @typedef {import("./tensor.js").Tensor} Tensor */
/** @typedef {import("./tensor.js").Tensors} Tensors */

/**
 * torch.nn.LSTMCell (Hochreiter and Schmidhuber 1997; the forget gate is of Gers et al. 2000).
 * @param {Tensors} tensors holds the weights that `gates` names, for four gates: input, forget, new, output.
 * @param {string} prefix of the names, such as "decoder.".
 * @param {string} [suffix] of the names; a layer has one for each of its cells.
 * @returns {Cell} with two states: hidden (H) and cell (H).
 * @throws {RangeError} a weight is missing, or shapes do not fit.
 */
export function lstmCell(tensors, prefix, suffix = "") {
  const { size, hear } = gates(tensors, prefix, suffix, 4);
  return {
    start: [zeros([size]), zeros([size])],
    step(input, [hidden, cell]) {
      const [fromInput, fromHidden] = hear(input, hidden);
      const [nextHidden, nextCell] = [zeros([size]), zeros([size])];
      for (let i = 0; i < size; i++) {
        const enter = logistic(fromInput[i] + fromHidden[i]);
        const forget = logistic(fromInput[size + i] + fromHidden[size + i]);
        const fresh = Math.tanh(fromInput[2 * size + i] + fromHidden[2 * size + i]);
        const leave = logistic(fromInput[3 * size + i] + fromHidden[3 * size + i]);
        nextCell.data[i] = forget * cell.data[i] + enter * fresh;
        nextHidden.data[i] = leave * Math.tanh(nextCell.data[i]);
      }
      return [nextHidden, nextCell];
    },
  };
}

/**
 * torch.nn.LSTM over one sequence, without a batch; layers and directions are read off the names of the weights.
 * @param {Tensors} tensors
 * @param {string} prefix of the names, such as "encoder.".
 * @param {Tensor} input (T, C), T at least one.
 * @param {{ hidden: Tensor, cell: Tensor }} [initial] each (layers · directions, H); zeros when not given.
 * @returns {{ output: Tensor, hidden: Tensor, cell: Tensor }} output (T, directions · H); hidden and cell
 *   (layers · directions, H).
 * @throws {RangeError} a weight is missing, shapes do not fit, or the sequence is empty.
 */
export function lstm(tensors, prefix, input, initial) {
  const { output, states } = recurrent(tensors, prefix, input, lstmCell, initial && [initial.hidden, initial.cell]);
  return { output, hidden: states[0], cell: states[1] };
}
