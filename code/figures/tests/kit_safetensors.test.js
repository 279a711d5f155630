/** A file of weights is read exactly; a broken one is refused with a message that says what is wrong. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { readSafetensors } from "../kit/safetensors.js";
import { FOLDER } from "./kit_references.js";

const LINEAR = readFileSync(new URL("linear/weights.safetensors", FOLDER));

/**
 * A file with this header and as many bytes of numbers.
 * @param {unknown} header an object, or the header's own text or bytes.
 * @param {Uint8Array | number[]} numbers
 * @returns {Uint8Array}
 */
function file(header, numbers = []) {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const head = header instanceof Uint8Array ? header : new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + head.length + numbers.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(head.length), true);
  bytes.set(head, 8);
  bytes.set(numbers, 8 + head.length);
  return bytes;
}

/**
 * @param {string} dtype
 * @param {number[]} shape
 * @param {number[]} offsets
 */
const entry = (dtype, shape, offsets) => ({ dtype, shape, data_offsets: offsets });

test("float32, float16 and bfloat16 are read to the bit", () => {
  const half = [0x0000, 0x8000, 0x3c00, 0xc000, 0x0001, 0x03ff, 0x0400, 0x7bff, 0x3555, 0x7c00, 0xfc00, 0x7e00];
  const brain = [0x0000, 0x3f80, 0xc040, 0x7f80, 0x3eab];
  const single = [0.1, -3e38, 1e-45];
  const numbers = [new Float32Array(single), new Uint16Array(half), new Uint16Array(brain)];
  const bytes = numbers.flatMap(({ buffer }) => [...new Uint8Array(buffer)]);
  const header = {
    __metadata__: { made: "by hand" },
    brain: entry("BF16", [5], [36, 46]),
    single: entry("F32", [3, 1], [0, 12]),
    half: entry("F16", [2, 6], [12, 36]),
    scalar: entry("F16", [], [46, 48]),
    empty: entry("F32", [0, 4], [46, 46]),
  };
  const tensors = readSafetensors(file(header, [...bytes, 0x00, 0x3c]));
  assert.deepEqual([...tensors.keys()].sort(), ["brain", "empty", "half", "scalar", "single"]);
  assert.deepEqual(tensors.get("single"), { data: Float32Array.from(single), shape: [3, 1] });
  const halves = [0, -0, 1, -2, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 65504, 1365 / 4096, Infinity, -Infinity, NaN];
  assert.deepEqual(tensors.get("half"), { data: Float32Array.from(halves), shape: [2, 6] });
  assert.deepEqual(tensors.get("brain"), { data: Float32Array.of(0, 1, -3, Infinity, 0.333984375), shape: [5] });
  assert.deepEqual(tensors.get("empty"), { data: new Float32Array(0), shape: [0, 4] });
  assert.deepEqual(tensors.get("scalar"), { data: Float32Array.of(1), shape: [] });
});

test("a buffer, a view into one and a view of data are read alike, at any place", () => {
  const expected = readSafetensors(LINEAR);
  assert.deepEqual(expected.get("biased.weight")?.shape, [3, 4]);
  for (const shift of [0, 1, 3, 8]) {
    const room = new Uint8Array(LINEAR.length + shift + 5);
    room.set(LINEAR, shift);
    assert.deepEqual(readSafetensors(room.subarray(shift, shift + LINEAR.length)), expected);
    assert.deepEqual(readSafetensors(new DataView(room.buffer, shift, LINEAR.length)), expected);
  }
  assert.deepEqual(readSafetensors(Uint8Array.from(LINEAR).buffer), expected);
});

test("names that JavaScript gives a meaning are names like others", () => {
  const text = '{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
  assert.deepEqual([...readSafetensors(file(text, [0, 0, 128, 63])).keys()], ["__proto__"]);
  const dtype = { x: entry("constructor", [1], [0, 4]) };
  assert.throws(() => readSafetensors(file(dtype, [0, 0, 0, 0])), /"x" has dtype constructor; known are F32/);
});

test("a file cut off at any byte is refused in words", () => {
  for (let length = 0; length < LINEAR.length; length++) {
    assert.throws(() => readSafetensors(LINEAR.subarray(0, length)), /^Error: weights file: cut off/);
  }
});

test("a byte changed anywhere gives tensors or a message, never another error", () => {
  let refused = 0;
  for (let place = 0; place < LINEAR.length; place++) {
    for (const value of [0, 0x22, 0x2c, 0x39, 0x7d, 0xff]) {
      const changed = Uint8Array.from(LINEAR);
      changed[place] = value;
      try {
        readSafetensors(changed);
      } catch (error) {
        assert.match(String(error), /^Error: weights file: /);
        refused++;
      }
    }
  }
  assert.ok(refused > 500);
});

/** @type {[string, Uint8Array, RegExp][]} */
const FAULTS = [
  ["a header longer than the file", file("{}").fill(0xff, 0, 8), /header of 18446744073709551615 bytes, but 2 follow/],
  ["a page that says it was not found", new TextEncoder().encode("<!doctype html><title>404"), /no safetensors/],
  ["a header that is no JSON", file("{oops"), /the header is not JSON/],
  ["a name that is no text", file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)), /the header is not JSON/],
  ["a header that is a list", file([]), /the header is not a JSON object/],
  ["a header that is null", file("null"), /the header is not a JSON object/],
  ["a tensor that is null", file({ x: null }), /"x" must have a dtype in words and a shape/],
  ["a dtype that is an object", file({ x: { dtype: { toString: 1 }, shape: [] } }), /"x" must have a dtype in words/],
  ["a negative size", file({ x: entry("F32", [-1], [0, 4]) }, [0, 0, 0, 0]), /a shape in whole numbers/],
  ["half a size", file({ x: entry("F32", [0.5], [0, 2]) }, [0, 0]), /a shape in whole numbers/],
  ["an unknown dtype", file({ x: entry("I64", [1], [0, 8]) }), /"x" has dtype I64; known are F32, F16, BF16/],
  ["one offset", file({ x: entry("F32", [1], [4]) }), /"x" must have data_offsets \[begin, end\]/],
  ["offsets in words", file({ x: { dtype: "F32", shape: [1], data_offsets: "0-4" } }), /must have data_offsets/],
  ["offsets back to front", file({ x: entry("F32", [1], [4, 0]) }, [0, 0, 0, 0]), /takes 4 bytes, but .* give -4/],
  [
    "a shape that does not fit its place",
    file({ x: entry("F32", [2, 3], [0, 20]) }, new Uint8Array(20)),
    /"x": shape \[2,3\] of F32 takes 24 bytes, but data_offsets give 20/,
  ],
  [
    "two tensors in one place",
    file({ x: entry("F32", [2], [0, 8]), y: entry("F32", [1], [4, 8]) }, new Uint8Array(8)),
    /"y" overlaps "x": it begins at byte 4, before 8/,
  ],
  [
    "a hole",
    file({ x: entry("F32", [1], [0, 4]), y: entry("F32", [1], [6, 10]) }, new Uint8Array(10)),
    /2 bytes between "x" and "y" belong to no tensor/,
  ],
  [
    "bytes too many",
    file({ x: entry("F32", [1], [0, 4]) }, new Uint8Array(7)),
    /3 bytes after "x" belong to no tensor/,
  ],
  [
    "numbers cut off",
    file({ x: entry("F32", [2], [0, 8]) }, new Uint8Array(7)),
    /cut off: the header promises 8 bytes of numbers, but 7 follow/,
  ],
];

for (const [name, bytes, message] of FAULTS) {
  test(`refused: ${name}`, () => {
    const whole = new RegExp(`^weights file: .*${message.source}`);
    assert.throws(() => readSafetensors(bytes), { name: "Error", message: whole });
  });
}
