/** The references that PyTorch computed: `references/LAYER/` holds a layer's weights and what it makes of inputs. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readSafetensors } from "../kit/safetensors.js";
import { tensor } from "../kit/tensor.js";

/** @typedef {import("../kit/tensor.js").Tensor} Tensor */
/** @typedef {{ shape: number[], values: (number | boolean)[] }} Stored */
/** @typedef {{ inputs: Tensor[], outputs: Record<string, Tensor> }} Run */

export const FOLDER = new URL("references/", import.meta.url);

/**
 * @param {Stored} stored
 * @returns {Tensor} true as one, false as zero.
 */
function toTensor({ shape, values }) {
  return tensor(values.map(Number), shape);
}

/**
 * @param {string} layer
 * @returns {{ tensors: Map<string, Tensor>, runs: Run[] }}
 */
export function readReference(layer) {
  const folder = new URL(`${layer}/`, FOLDER);
  const reference = JSON.parse(readFileSync(new URL("reference.json", folder), "utf-8"));
  /** @type {{ inputs: Stored[], outputs: Record<string, Stored> }[]} */
  const runs = reference.runs;
  return {
    tensors: readSafetensors(readFileSync(new URL("weights.safetensors", folder))),
    runs: runs.map(({ inputs, outputs }) => ({
      inputs: inputs.map(toTensor),
      outputs: Object.fromEntries(Object.entries(outputs).map(([name, stored]) => [name, toTensor(stored)])),
    })),
  };
}

/**
 * @param {Tensor} mask (Lq, Lk) of ones and zeros.
 * @returns {boolean[][]}
 */
export function toMask(mask) {
  const [length, width] = mask.shape;
  return Array.from({ length }, (_, i) => Array.from({ length: width }, (_, j) => mask.data[i * width + j] === 1));
}

/**
 * Fail unless the two have the same names and shapes and no value differs by 1e-5 or more.
 * @param {Record<string, Tensor>} ours
 * @param {Record<string, Tensor>} theirs
 */
export function assertSame(ours, theirs) {
  assert.deepEqual(Object.keys(ours).sort(), Object.keys(theirs).sort());
  for (const [name, { data, shape }] of Object.entries(theirs)) {
    assert.deepEqual(ours[name].shape, shape, name);
    assert.equal(ours[name].data.length, data.length, name);
    data.forEach((value, place) => {
      const difference = Math.abs(ours[name].data[place] - value);
      assert.ok(difference < 1e-5, `${name}: ${ours[name].data[place]} where PyTorch has ${value}, place ${place}`);
    });
  }
}
