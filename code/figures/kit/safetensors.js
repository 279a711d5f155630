/**
 * Reads a safetensors file: eight bytes that say how long the header is, the header in JSON (for each tensor its
 * dtype, shape and place), then the numbers, back to back. Format: https://huggingface.co/docs/safetensors
 */

/** @typedef {import("./tensor.js").Tensor} Tensor */
/** @typedef {{ name: string, dtype: string, shape: number[], begin: number, end: number }} Entry */

/** How many bytes a number takes, and how such bytes become float32; typed arrays read the low byte first, as the
 * format does, on every machine that runs a browser today.
 * @type {Record<string, { bytes: number, decode: (buffer: ArrayBuffer) => Float32Array }>} */
const DTYPES = {
  F32: { bytes: 4, decode: (buffer) => new Float32Array(buffer) },
  F16: { bytes: 2, decode: (buffer) => Float32Array.from(new Uint16Array(buffer), fromHalf) },
  BF16: { bytes: 2, decode: fromBrainFloat },
};

/**
 * Read a file of weights.
 * @param {ArrayBuffer | ArrayBufferView} file
 * @returns {Map<string, Tensor>} the tensors by name, in the file's order of places, converted to float32.
 * @throws {Error} the file is cut off or is no safetensors file; the message starts with "weights file:".
 */
export function readSafetensors(file) {
  const bytes = ArrayBuffer.isView(file)
    ? new Uint8Array(file.buffer, file.byteOffset, file.byteLength)
    : new Uint8Array(file);
  const { header, start } = readHeader(bytes);
  const entries = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => readEntry(name, entry))
    .sort((one, other) => one.begin - other.begin || one.end - other.end);
  checkPlaces(entries, bytes.length - start);
  return new Map(
    entries.map(({ name, dtype, shape, begin, end }) => {
      const buffer = bytes.slice(start + begin, start + end).buffer;
      return [name, { data: DTYPES[dtype].decode(buffer), shape }];
    }),
  );
}

/**
 * @param {string} problem
 * @returns {Error}
 */
function fault(problem) {
  return new Error(`weights file: ${problem}`);
}

/**
 * @param {Uint8Array} bytes the whole file.
 * @returns {{ header: object, start: number }} the parsed header, and where the numbers start.
 */
function readHeader(bytes) {
  if (bytes.length < 8) {
    throw fault(`cut off: ${bytes.length} bytes, where 8 say how long the header is`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > bytes.length - 8) {
    throw fault(`cut off, or no safetensors: header of ${length} bytes, but ${bytes.length - 8} follow`);
  }
  const start = 8 + Number(length);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, start));
    const header = JSON.parse(text);
    if (isObject(header)) {
      return { header, start };
    }
  } catch (error) {
    throw fault(`the header is not JSON: ${/** @type {Error} */ (error).message}`);
  }
  throw fault("the header is not a JSON object");
}

/**
 * @param {unknown} value
 * @returns {value is object}
 */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param {string} name
 * @param {unknown} entry what the header says of this tensor.
 * @returns {Entry}
 */
function readEntry(name, entry) {
  const { dtype, shape, data_offsets: offsets } = isObject(entry) ? /** @type {any} */ (entry) : {};
  if (typeof dtype !== "string" || !areSizes(shape)) {
    throw fault(`"${name}" must have a dtype in words and a shape in whole numbers`);
  }
  if (!Object.hasOwn(DTYPES, dtype)) {
    throw fault(`"${name}" has dtype ${dtype}; known are ${Object.keys(DTYPES).join(", ")}`);
  }
  if (!areSizes(offsets) || offsets.length !== 2) {
    throw fault(`"${name}" must have data_offsets [begin, end] in whole numbers`);
  }
  const [begin, end] = offsets;
  const size = shape.reduce((product, axis) => product * axis, DTYPES[dtype].bytes);
  if (end - begin !== size) {
    throw fault(`"${name}": shape [${shape}] of ${dtype} takes ${size} bytes, but data_offsets give ${end - begin}`);
  }
  return { name, dtype, shape, begin, end };
}

/**
 * @param {unknown} list
 * @returns {list is number[]}
 */
function areSizes(list) {
  return Array.isArray(list) && list.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/**
 * @param {Entry[]} entries sorted by place.
 * @param {number} length how many bytes follow the header.
 */
function checkPlaces(entries, length) {
  let reached = 0;
  let previous = "the header";
  for (const { name, begin, end } of entries) {
    if (begin < reached) {
      throw fault(`"${name}" overlaps ${previous}: it begins at byte ${begin}, before ${reached}`);
    }
    if (begin > reached) {
      throw fault(`${begin - reached} bytes between ${previous} and "${name}" belong to no tensor`);
    }
    [reached, previous] = [end, `"${name}"`];
  }
  if (reached > length) {
    throw fault(`cut off: the header promises ${reached} bytes of numbers, but ${length} follow`);
  }
  if (reached < length) {
    throw fault(`${length - reached} bytes after ${previous} belong to no tensor`);
  }
}

/** 2^(e - 25) for each exponent e; to raise two to a power for every number would take most of the time. */
const POWERS = Float64Array.from({ length: 32 }, (_, exponent) => 2 ** (exponent - 25));

/**
 * A number of half precision: 1 sign bit, 5 bits of exponent, 10 of fraction.
 * @param {number} bits
 * @returns {number}
 */
function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) {
    return fraction ? NaN : sign * Infinity;
  }
  // An exponent of zero marks the numbers too small for a leading one.
  return sign * (exponent ? (1024 + fraction) * POWERS[exponent] : fraction * POWERS[1]);
}

/**
 * Brain floats are the upper half of a float32.
 * @param {ArrayBuffer} buffer
 * @returns {Float32Array}
 */
function fromBrainFloat(buffer) {
  return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer);
}
