import assert from "node:assert/strict";
import { test } from "node:test";
import { presets } from "../masks/index.js";
import { SCORES, SIZE, habitSoftmax, maskOf, maskedSoftmax, ruleOf } from "../masks/model.js";
import schema from "../masks/state.json" with { type: "json" };
import references from "./references/masks.json" with { type: "json" };

/** @typedef {import("../masks/model.js").Rule} Rule */

const first = schema.properties.allowed.default;
/** @type {Rule} */
const open = { kind: "none", length: SIZE, before: 0, after: 0 };
const sum = (/** @type {number[]} */ row) => row.reduce((total, weight) => total + weight, 0);

/** @type {(got: number[][], wanted: number[][], within: number) => void} */
function near(got, wanted, within) {
  assert.equal(got.length, wanted.length);
  got.forEach((row, i) => {
    assert.equal(row.length, wanted[i].length);
    row.forEach((weight, j) =>
      assert.ok(Math.abs(weight - wanted[i][j]) <= within, `${weight} is not ${wanted[i][j]}`),
    );
  });
}

test("every rule gives the mask of the library", () => {
  assert.equal(references.rules.length, 38);
  for (const { rule, allowed } of references.rules) assert.deepEqual(maskOf(/** @type {Rule} */ (rule)), allowed);
});

test("both weights are PyTorch's", () => {
  assert.equal(references.weighed.length, 6);
  for (const { allowed, ours, habit } of references.weighed) {
    near(maskedSoftmax(references.scores, allowed), ours, 1e-6);
    near(habitSoftmax(references.scores, allowed), habit, 1e-6);
  }
});

test("a row sums to one, or to zero where nothing is allowed; −10⁹ shares such a row out evenly", () => {
  for (const { allowed } of references.weighed) {
    const [ours, habit] = [maskedSoftmax(SCORES, allowed), habitSoftmax(SCORES, allowed)];
    allowed.forEach((row, i) => {
      const empty = !row.includes(true);
      assert.ok(Math.abs(sum(ours[i]) - (empty ? 0 : 1)) < 1e-6);
      near([habit[i]], [empty ? row.map(() => 1 / SIZE) : ours[i]], 1e-7);
      row.forEach((isAllowed, j) => assert.equal(ours[i][j] > 0, isAllowed));
    });
  }
});

test("what is left keeps its proportions", () => {
  const all = maskedSoftmax(SCORES, maskOf(open))[2];
  const some = maskedSoftmax(SCORES, maskOf({ ...open, length: 3 }))[2];
  near([some.slice(0, 3)], [all.slice(0, 3).map((weight) => weight / sum(all.slice(0, 3)))], 1e-6);
});

test("the rule of a mask is found again, and none for one made by hand", () => {
  for (const { rule, allowed } of references.rules) {
    assert.deepEqual(ruleOf(allowed, /** @type {Rule} */ (rule)), rule);
    const found = ruleOf(allowed, open);
    assert.ok(found);
    assert.deepEqual(maskOf(found), allowed);
  }
  assert.deepEqual(ruleOf(maskOf(open), { ...open, kind: "causal" }), open);
  const byHand = maskOf(open);
  byHand[1][4] = false;
  assert.equal(ruleOf(byHand, open), undefined);
});

test("the presets are what their notes say", () => {
  const { none, padding, causal, window } = presets;
  const onPadding = maskedSoftmax(SCORES, none.allowed).map((row) => row[4] + row[5]);
  assert.ok(onPadding.every((weight) => weight > 0.2));
  assert.ok(none.allowed.flat().every((allowed) => allowed));
  assert.ok(padding.allowed.every((row) => row.join() === "true,true,true,true,false,false"));
  assert.deepEqual(
    causal.allowed.map((row) => row.lastIndexOf(true)),
    [0, 1, 2, 3, 4, 5],
  );
  assert.equal(maskedSoftmax(SCORES, causal.allowed)[0][0], 1);
  assert.deepEqual(
    window.allowed.map((row) => row.filter(Boolean).length),
    [2, 3, 3, 3, 3, 2],
  );
  assert.deepEqual(presets.empty, {});
  assert.deepEqual(maskOf({ kind: "window", length: 4, before: 1, after: 0 }), first);
  assert.deepEqual(
    first.map((row) => row.includes(true)),
    [true, true, true, true, true, false],
  );
});
