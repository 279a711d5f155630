/** Compare with the gold: a translation word by word, and weights with links. */

/** @typedef {number[] | Float32Array} Row */
/**
 * @typedef {{ word: string, found?: number, gold?: number }} Piece A word of the translation, of the gold, or of both:
 *   its place in each.
 */

/**
 * Align a translation with the gold, in the fewest changes: words put in, left out or replaced (Levenshtein 1966).
 * @param {string[]} found
 * @param {string[]} gold
 * @returns {{ pieces: Piece[], errors: number }} In reading order; the number of changes.
 */
export function compare(found, gold) {
  // cost[i][j]: changes from the first i words found to the first j of the gold.
  const cost = [...found, ""].map((_, i) => [...gold, ""].map((_, j) => i || j));
  for (let i = 1; i <= found.length; i++) {
    for (let j = 1; j <= gold.length; j++) {
      const kept = cost[i - 1][j - 1] + Number(found[i - 1] !== gold[j - 1]);
      cost[i][j] = Math.min(kept, cost[i - 1][j] + 1, cost[i][j - 1] + 1);
    }
  }
  /** @type {Piece[]} */
  const pieces = [];
  let [i, j] = [found.length, gold.length];
  while (i > 0 || j > 0) {
    const isSame = i > 0 && j > 0 && found[i - 1] === gold[j - 1];
    const isReplaced = i > 0 && j > 0 && cost[i][j] === cost[i - 1][j - 1] + 1;
    if (isSame && cost[i][j] === cost[i - 1][j - 1]) pieces.push({ word: found[--i], found: i, gold: --j });
    else if (isReplaced) pieces.push({ word: gold[--j], gold: j }, { word: found[--i], found: i });
    else if (i > 0 && cost[i][j] === cost[i - 1][j] + 1) pieces.push({ word: found[--i], found: i });
    else pieces.push({ word: gold[--j], gold: j });
  }
  return { pieces: pieces.reverse(), errors: cost[found.length][gold.length] };
}

/**
 * Alignment error rate of one sentence, all links sure: every target word is linked to the source word that it attends
 * to most, </s> left out, as in attnbook.metrics.alignment.
 * @param {Row[]} weights One row (S) a target word, the last column </s>; rows beyond `length` are left.
 * @param {number} length Target words, without </s>.
 * @param {number[][]} links Gold links (source, target), at least one.
 * @returns {number} 0 (no error) to 1.
 */
export function alignmentError(weights, length, links) {
  const gold = new Set(links.map(String));
  const found = Array.from({ length }, (_, target) => [largest(Array.from(weights[target]).slice(0, -1)), target]);
  const right = found.filter((link) => gold.has(String(link))).length;
  return 1 - (2 * right) / (found.length + links.length);
}

/**
 * @param {number[]} row
 * @returns {number} Where its largest number stands, the first of equal ones.
 */
export function largest(row) {
  return row.indexOf(Math.max(...row));
}
