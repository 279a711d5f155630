/**
 * What the kit computes with: a tensor is its numbers in row-major order and the size of each axis.
 * Sums are taken in double precision, results are stored in single precision, as PyTorch stores them.
 *
 * @typedef {{ data: Float32Array, shape: number[] }} Tensor
 * @typedef {ReadonlyMap<string, Tensor>} Tensors A model's weights by the names that PyTorch gives them.
 */

/**
 * A tensor of these numbers.
 * @param {ArrayLike<number>} values as many as the shape holds; a Float32Array is shared, not copied.
 * @param {number[]} shape
 * @returns {Tensor}
 * @throws {RangeError} more or fewer values than the shape holds.
 */
export function tensor(values, shape) {
  const size = shape.reduce((product, axis) => product * axis, 1);
  if (values.length !== size) {
    throw new RangeError(`a tensor of shape ${show(shape)} holds ${size} values; got ${values.length}`);
  }
  return { data: values instanceof Float32Array ? values : Float32Array.from(values), shape };
}

/**
 * A tensor of zeros.
 * @param {number[]} shape
 * @returns {Tensor}
 */
export function zeros(shape) {
  return { data: new Float32Array(shape.reduce((product, axis) => product * axis, 1)), shape };
}

/**
 * A shape as text, for messages.
 * @param {(number | string)[]} shape
 * @returns {string} such as "(2, 3)".
 */
export function show(shape) {
  return `(${shape.join(", ")})`;
}

/**
 * Refuse a tensor of another shape.
 * @param {Tensor} given
 * @param {(number | string)[]} sizes a number must be met, a name stands for any size, "..." in front for any axes.
 * @param {string} what the tensor's name in the message.
 * @returns {Tensor} the tensor given.
 * @throws {RangeError} the shape does not fit.
 */
export function check(given, sizes, what) {
  const open = sizes[0] === "...";
  const wanted = open ? sizes.slice(1) : sizes;
  const shape = open ? given.shape.slice(-wanted.length) : given.shape;
  const fits = (/** @type {number | string} */ size, /** @type {number} */ axis) =>
    typeof size === "string" || size === shape[axis];
  if (shape.length !== wanted.length || !wanted.every(fits)) {
    throw new RangeError(`${what} must be ${show(sizes)}; got ${show(given.shape)}`);
  }
  return given;
}

/**
 * The weight of this name, its shape checked.
 * @param {Tensors} tensors
 * @param {string} name
 * @param {(number | string)[]} sizes as for `check`.
 * @returns {Tensor}
 * @throws {RangeError} there is none of that name (the message lists those there are), or its shape does not fit.
 */
export function take(tensors, name, sizes) {
  const found = tensors.get(name);
  if (!found) {
    throw new RangeError(`no tensor "${name}"; there are: ${[...tensors.keys()].join(", ") || "none"}`);
  }
  return check(found, sizes, name);
}

/**
 * Some rows of a matrix, as a view on the same numbers; also some places of a vector.
 * @param {Tensor} matrix (L, ...).
 * @param {number} begin
 * @param {number} end the first row left out.
 * @returns {Tensor} (end - begin, ...).
 */
export function rows(matrix, begin, end) {
  const size = matrix.data.length / matrix.shape[0];
  return { data: matrix.data.subarray(begin * size, end * size), shape: [end - begin, ...matrix.shape.slice(1)] };
}

/**
 * One row of a matrix, as a view on the same numbers.
 * @param {Tensor} matrix (L, C).
 * @param {number} index
 * @returns {Tensor} (C).
 */
export function row(matrix, index) {
  return { data: rows(matrix, index, index + 1).data, shape: matrix.shape.slice(1) };
}

/**
 * Some columns of a matrix, copied.
 * @param {Tensor} matrix (L, C).
 * @param {number} begin
 * @param {number} end the first column left out.
 * @returns {Tensor} (L, end - begin).
 */
export function columns(matrix, begin, end) {
  const [length, width] = matrix.shape;
  const result = zeros([length, end - begin]);
  for (let i = 0; i < length; i++) {
    result.data.set(matrix.data.subarray(i * width + begin, i * width + end), i * (end - begin));
  }
  return result;
}

/**
 * Put tensors of one shape on top of each other.
 * @param {Tensor[]} parts each of the same shape (...).
 * @returns {Tensor} (parts, ...).
 */
export function stack(parts) {
  const result = zeros([parts.length, ...parts[0].shape]);
  parts.forEach((part, index) => result.data.set(check(part, parts[0].shape, "part").data, index * part.data.length));
  return result;
}

/**
 * Put matrices, or vectors, side by side.
 * @param {Tensor[]} parts each (..., C), with a C of its own.
 * @returns {Tensor} (..., sum of all C).
 * @throws {RangeError} the other axes differ.
 */
export function concatenate(parts) {
  const leading = parts[0].shape.slice(0, -1);
  const widths = parts.map((part) => check(part, [...leading, "C"], "part").shape[leading.length]);
  const total = widths.reduce((sum, width) => sum + width, 0);
  const result = zeros([...leading, total]);
  for (let start = 0; start < result.data.length; ) {
    parts.forEach((part, index) => {
      const source = Math.floor(start / total) * widths[index];
      result.data.set(part.data.subarray(source, source + widths[index]), start);
      start += widths[index];
    });
  }
  return result;
}

/**
 * The sum of two tensors, place by place.
 * @param {Tensor} left (...).
 * @param {Tensor} right the same shape.
 * @returns {Tensor} the same shape.
 * @throws {RangeError} the shapes differ.
 */
export function add(left, right) {
  check(right, left.shape, "right");
  return { data: left.data.map((value, index) => value + right.data[index]), shape: left.shape };
}

/**
 * The product of two matrices.
 * @param {Tensor} left (M, K).
 * @param {Tensor} right (K, N).
 * @returns {Tensor} (M, N).
 * @throws {RangeError} the shapes do not fit.
 */
export function multiply(left, right) {
  const [length, inner] = check(left, ["M", "K"], "left").shape;
  const width = check(right, [inner, "N"], "right").shape[1];
  const result = zeros([length, width]);
  for (let i = 0; i < length; i++) {
    for (let j = 0; j < width; j++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) {
        sum += left.data[i * inner + k] * right.data[k * width + j];
      }
      result.data[i * width + j] = sum;
    }
  }
  return result;
}

/**
 * Every row of one tensor times every row of the other: left · rightᵀ.
 * @param {Tensor} left (..., K).
 * @param {Tensor} right (N, K).
 * @returns {Tensor} (..., N).
 * @throws {RangeError} the shapes do not fit.
 */
export function multiplyTransposed(left, right) {
  const [width, inner] = check(right, ["N", "K"], "right").shape;
  const leading = check(left, ["...", inner], "left").shape.slice(0, -1);
  const result = zeros([...leading, width]);
  const length = leading.reduce((product, axis) => product * axis, 1);
  // Four rows of the right side at once: each number of the left is read once for all four, and no sum has to wait for
  // another. Twice as fast as one by one.
  for (let j = 0; j + 3 < width; j += 4) {
    for (let i = 0; i < length; i++) {
      fourDots(left.data, i * inner, right.data, j * inner, inner, result.data, i * width + j);
    }
  }
  for (let j = width - (width % 4); j < width; j++) {
    for (let i = 0; i < length; i++) {
      result.data[i * width + j] = dot(left.data, i * inner, right.data, j * inner, inner);
    }
  }
  return result;
}

/**
 * The dot products of one row with four rows that stand one after the other.
 * @param {Float32Array} a
 * @param {number} start of the row in a.
 * @param {Float32Array} b
 * @param {number} first start of the first of the four rows in b.
 * @param {number} length of a row.
 * @param {Float32Array} result
 * @param {number} place of the first of the four products in result.
 */
function fourDots(a, start, b, first, length, result, place) {
  const second = first + length, third = second + length, fourth = third + length;
  let one = 0, two = 0, three = 0, four = 0, k = 0;
  for (; k + 1 < length; k += 2) {
    const x = a[start + k], y = a[start + k + 1];
    one += x * b[first + k] + y * b[first + k + 1];
    two += x * b[second + k] + y * b[second + k + 1];
    three += x * b[third + k] + y * b[third + k + 1];
    four += x * b[fourth + k] + y * b[fourth + k + 1];
  }
  if (k < length) {
    one += a[start + k] * b[first + k];
    two += a[start + k] * b[second + k];
    three += a[start + k] * b[third + k];
    four += a[start + k] * b[fourth + k];
  }
  result[place] = one;
  result[place + 1] = two;
  result[place + 2] = three;
  result[place + 3] = four;
}

/**
 * The dot product of two rows.
 * @param {Float32Array} a
 * @param {number} start of the row in a.
 * @param {Float32Array} b
 * @param {number} other start of the row in b.
 * @param {number} length
 * @returns {number}
 */
function dot(a, start, b, other, length) {
  let sum = 0;
  for (let k = 0; k < length; k++) sum += a[start + k] * b[other + k];
  return sum;
}
