/** Random numbers that are the same in every browser. */

/**
 * Numbers evenly spread over [0, 1): Mulberry32, a counter and a hash of it in 32 bits.
 * @param {number} seed a whole number.
 * @returns {() => number}
 */
export function uniform(seed) {
  let counter = seed | 0;
  return () => {
    counter = (counter + 0x6d2b79f5) | 0;
    let hash = Math.imul(counter ^ (counter >>> 15), counter | 1);
    hash ^= hash + Math.imul(hash ^ (hash >>> 7), hash | 61);
    return ((hash ^ (hash >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Independent standard normal numbers, two at a time (Box and Muller 1958).
 * @param {number} count even.
 * @param {number} seed a whole number.
 * @returns {Float64Array}
 */
export function normal(count, seed) {
  const next = uniform(seed);
  const numbers = new Float64Array(count);
  for (let i = 0; i < count; i += 2) {
    const length = Math.sqrt(-2 * Math.log(1 - next())); // 1 - next() is never zero
    const angle = 2 * Math.PI * next();
    numbers[i] = length * Math.cos(angle);
    numbers[i + 1] = length * Math.sin(angle);
  }
  return numbers;
}
