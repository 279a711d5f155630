import { check, show, take, zeros } from "./tensor.js";

/** @typedef {import("./tensor.js").Tensor} Tensor */
/** @typedef {import("./tensor.js").Tensors} Tensors */
/** @typedef {number | [number, number]} Sizes one for all axes, or one each: [vertical, horizontal]. */
/** How the kernel moves along one axis: places of the input, the kernel and the output; steps in places.
 * @typedef {{ size: number, kernel: number, out: number, stride: number, padding: number, dilation: number }} Axis */

/** A line is a picture of height one. */
const FLAT = { size: 1, kernel: 1, out: 1, stride: 1, padding: 0, dilation: 1 };

/**
 * torch.nn.Conv2d and, for an input of one axis less, torch.nn.Conv1d; zeros around the edge. The number of groups is
 * read off the weight.
 * @param {Tensors} tensors holds `weight` (out, in / groups, [height,] width) and, if there is one, `bias` (out).
 * @param {string} prefix of the names, such as "stem.".
 * @param {Tensor} input (in, [H,] W), without a batch.
 * @param {{ stride?: Sizes, padding?: Sizes, dilation?: Sizes }} [options] in pixels; 1, 0 and 1 when not given.
 * @returns {Tensor} (out, [H',] W').
 * @throws {RangeError} a weight is missing, shapes do not fit, an option is not allowed, or the kernel is larger than
 *   the padded input.
 */
export function convolution(tensors, prefix, input, { stride = 1, padding = 0, dilation = 1 } = {}) {
  const names = input.shape.length === 2 ? ["width"] : ["height", "width"];
  const weight = take(tensors, `${prefix}weight`, ["out", "in / groups", ...names]);
  const [numOut, groupSize] = weight.shape;
  const numGroups = check(input, ["in", ...names], "input").shape[0] / groupSize;
  if (!Number.isInteger(numGroups) || numOut % numGroups) {
    throw new RangeError(`input ${show(input.shape)} does not fit ${prefix}weight ${show(weight.shape)}`);
  }
  const bias = tensors.has(`${prefix}bias`) ? take(tensors, `${prefix}bias`, [numOut]) : zeros([numOut]);
  const axes = names.map((_, index) => {
    const steps = { stride: along(stride, index), padding: along(padding, index), dilation: along(dilation, index) };
    return makeAxis(input.shape[1 + index], weight.shape[2 + index], steps);
  });
  const [vertical, horizontal] = [FLAT, ...axes].slice(-2);
  const output = zeros([numOut, ...axes.map(({ out }) => out)]);
  const outSize = vertical.out * horizontal.out;
  for (let channel = 0; channel < numOut; channel++) {
    const first = Math.floor((channel * numGroups) / numOut) * groupSize; // the group's first input channel
    for (let place = 0; place < outSize; place++) {
      const [y, x] = [Math.floor(place / horizontal.out), place % horizontal.out];
      const sum = bias.data[channel] + underKernel(input.data, first, weight, channel, vertical, y, horizontal, x);
      output.data[channel * outSize + place] = sum;
    }
  }
  return output;
}

/**
 * @param {Sizes} sizes
 * @param {number} index of the axis.
 * @returns {number}
 */
function along(sizes, index) {
  return typeof sizes === "number" ? sizes : sizes[index];
}

/**
 * @param {number} size
 * @param {number} kernel
 * @param {{ stride: number, padding: number, dilation: number }} steps
 * @returns {Axis}
 */
function makeAxis(size, kernel, steps) {
  for (const [name, least] of /** @type {const} */ ([["stride", 1], ["padding", 0], ["dilation", 1]])) {
    if (!Number.isInteger(steps[name]) || steps[name] < least) {
      throw new RangeError(`${name} must be a whole number, ${least} or more; got ${steps[name]}`);
    }
  }
  const room = size + 2 * steps.padding - steps.dilation * (kernel - 1) - 1;
  if (room < 0) {
    throw new RangeError(`a kernel of ${kernel} with ${JSON.stringify(steps)} is larger than the input's ${size}`);
  }
  return { size, kernel, out: Math.floor(room / steps.stride) + 1, ...steps };
}

/**
 * The weighted sum of what lies under the kernel at one place of the output; what lies outside the input is zero.
 * @param {Float32Array} input
 * @param {number} first input channel that the kernel reads.
 * @param {Tensor} weight
 * @param {number} channel of the output.
 * @param {Axis} vertical
 * @param {number} y
 * @param {Axis} horizontal
 * @param {number} x
 * @returns {number}
 */
function underKernel(input, first, weight, channel, vertical, y, horizontal, x) {
  const [top, start] = [y * vertical.stride - vertical.padding, x * horizontal.stride - horizontal.padding];
  const groupSize = weight.shape[1];
  let place = channel * groupSize * vertical.kernel * horizontal.kernel;
  let sum = 0;
  for (let c = first; c < first + groupSize; c++) {
    for (let i = 0; i < vertical.kernel; i++) {
      const row = top + i * vertical.dilation;
      const isInside = row >= 0 && row < vertical.size;
      const line = (c * vertical.size + row) * horizontal.size;
      for (let j = 0; j < horizontal.kernel; j++, place++) {
        const column = start + j * horizontal.dilation;
        if (isInside && column >= 0 && column < horizontal.size) {
          sum += weight.data[place] * input[line + column];
        }
      }
    }
  }
  return sum;
}
