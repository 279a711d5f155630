import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { logistic } from "../kit/activations.js";
import { readSafetensors } from "../kit/safetensors.js";
import { answers } from "../point/answers.js";
import { checkEdits, editedWeights, editedWords, toggled } from "../point/edits.js";
import { presets } from "../point/index.js";
import { NAMES, judge, read, weigh } from "../point/model.js";
import schema from "../point/state.json" with { type: "json" };
import { UNKNOWN, accuracy, cut, encode, offered, size, storedReading } from "../point/words.js";

/** @typedef {import("../point/edits.js").Edit} Edit */

const WEIGHTS = new URL("../../attnbook/figures/weights/point.safetensors", import.meta.url);
const SCALES = schema.properties.scale.enum;
const file = readFileSync(WEIGHTS);
const tensors = readSafetensors(file);
const reference = JSON.parse(readFileSync(new URL("references/point.json", import.meta.url), "utf-8"));
const answer = answers(() => new DataView(Uint8Array.from(file).buffer));
/** @type {Edit[]} */
const NONE = [];

/** @type {(found: ArrayLike<number>, wanted: ArrayLike<number>, what: string) => void} */
function assertClose(found, wanted, what) {
  assert.equal(found.length, wanted.length, what);
  Array.from(wanted).forEach((value, i) => {
    const bound = 1e-5 * Math.max(1, Math.abs(value)); // polarity scores go beyond 10
    assert.ok(Math.abs(found[i] - value) <= bound, `${what}, word ${i}: ${found[i]} where PyTorch has ${value}`);
  });
}

test("texts are cut as Python cuts them", () => {
  assert.ok(reference.cut.length > 300);
  for (const [text, words] of reference.cut) assert.deepEqual(cut(text), words, JSON.stringify(text));
});

for (const name of NAMES) {
  test(`scores, weights and answers of ${name} are PyTorch's at every λ`, () => {
    const own = reference.readings.filter((/** @type {any} */ one) => one.name === name);
    assert.deepEqual([...new Set(own.map((/** @type {any} */ one) => one.scale))], SCALES);
    for (const { scale, text, unknown, attention, weights, polarity, probability } of own) {
      const what = `λ = ${scale}: ${text}`;
      const ids = encode(cut(text));
      assert.deepEqual(ids.map((id) => id === UNKNOWN), unknown);
      const found = read(tensors, name, scale, ids);
      assertClose(found.polarity, polarity, `polarity, ${what}`);
      // What is divided: at λ = 0.001 single precision itself knows a thousandth less of the quotient.
      const undivided = (/** @type {ArrayLike<number>} */ scores) => Array.from(scores, (score) => score * scale);
      assertClose(undivided(found.attention), undivided(attention), `attention, ${what}`);
      assertClose(weigh(found.attention), weights, `weights, ${what}`);
      const score = judge(weigh(found.attention), found.polarity);
      assertClose([logistic(score)], [probability], `probability, ${what}`);
    }
  });
}

test("an embedding that is not there and a text without words are refused", () => {
  assert.throws(() => read(tensors, "dp", 2, [4]), /no tensor "dp.2.embedding.weight"/);
  assert.throws(() => read(tensors, "dp-l", 1, [size + 4]), /whole number from 0 to/);
});

test("what readers download is small", () => {
  const words = statSync(new URL("../point/corpus.json", import.meta.url)).size;
  assert.ok(file.length + words <= 500_000, `${file.length} + ${words} bytes`);
});

test("words are deleted and swapped at their places, in lower case", () => {
  const words = ["not", "a", "good", "film"];
  /** @type {Edit[]} */
  const edits = [{ kind: "delete", place: 0 }, { kind: "swap", place: 2, word: "Bad" }, { kind: "zero", place: 1 }];
  assert.deepEqual(editedWords(words, edits), [undefined, "a", "bad", "film"]);
  assert.deepEqual(words, ["not", "a", "good", "film"]);
});

test("weights are taken away and moved, one change after the other", () => {
  const weights = [0.5, 0.25, 0.25];
  assert.deepEqual(editedWeights(weights, [{ kind: "move", place: 0, to: 2 }]), [0, 0.25, 0.75]);
  assert.deepEqual(editedWeights(weights, [{ kind: "zero", place: 0 }]), [0, 0.5, 0.5]);
  assert.deepEqual(editedWeights(weights, [{ kind: "move", place: 1, to: 1 }]), weights);
  assert.deepEqual(editedWeights(weights, [{ kind: "zero", place: 0 }, { kind: "move", place: 1, to: 2 }]), [0, 0, 1]);
  assert.deepEqual(editedWeights([1], [{ kind: "zero", place: 0 }]), [0]);
});

test("a change that stands is taken back; a word has one of its text and one of its weight", () => {
  /** @type {Edit} */
  const zero = { kind: "zero", place: 1 };
  /** @type {Edit} */
  const moved = { kind: "move", place: 0, to: 1 };
  /** @type {Edit} */
  const gone = { kind: "delete", place: 1 };
  assert.deepEqual(toggled(NONE, zero), [zero]);
  assert.deepEqual(toggled([moved, zero], { place: 1, kind: "zero" }), [moved]);
  assert.deepEqual(toggled([zero], { kind: "move", place: 1, to: 0 }), [{ kind: "move", place: 1, to: 0 }]);
  assert.deepEqual(toggled([gone], { kind: "swap", place: 1, word: "bad" }), [{ kind: "swap", place: 1, word: "bad" }]);
  assert.deepEqual(toggled([zero], { kind: "swap", place: 1, word: "bad" }).length, 2);
  assert.deepEqual(toggled([moved, zero], gone), [gone], "a deleted word neither gives nor gets weight");
});

test("changes that cannot be are named", () => {
  assert.throws(() => checkEdits([{ kind: "zero", place: 3 }], 3), /edits: there is no word 3; the text has 3/);
  assert.throws(() => checkEdits([{ kind: "move", place: 0, to: 9 }], 3), /no word 9/);
  assert.throws(() => checkEdits([{ kind: "swap", place: 0, word: "very good" }], 3), /one word .* "very good"/);
  assert.throws(() => checkEdits([{ kind: "swap", place: 0, word: " " }], 3), /one word/);
  const onDeleted = /** @type {Edit[]} */ ([{ kind: "delete", place: 1 }, { kind: "move", place: 0, to: 1 }]);
  assert.throws(() => checkEdits(onDeleted, 3), /word 1 is deleted/);
});

test("for DP a weight of 0 is as good as deleting the word, for DP-L it is not", () => {
  const words = cut("this is not a good film");
  for (const scale of SCALES) {
    const [zeroed, deleted] = /** @type {const} */ (["zero", "delete"]).map((kind) =>
      answer(words, scale, [{ kind, place: 2 }]),
    );
    assert.ok(Math.abs(zeroed.dp.now.score - deleted.dp.now.score) < 1e-5);
  }
  const { edits } = presets.zero;
  const [zeroed, deleted] = ["zero", "delete"].map((kind) =>
    answer(words, schema.properties.scale.default, /** @type {Edit[]} */ ([{ ...edits[0], kind }])),
  );
  assert.ok(Math.abs(zeroed["dp-l"].now.score - deleted["dp-l"].now.score) > 1e-3);
  assert.ok(Math.abs(zeroed.dp.now.score - zeroed.dp.before.score) > 1e-3);
});

/** @type {() => [name: string, state: { text: string, scale: number, edits: Edit[] }][]} Of the examples. */
function states() {
  const { text, scale, edits } = schema.properties;
  const first = { text: text.default, scale: scale.default, edits: edits.default };
  return Object.entries(presets).map(([name, changes]) => [name, { ...first, .../** @type {{}} */ (changes) }]);
}

test("the notes of the examples are true", () => {
  const found = Object.fromEntries(
    states().map(([name, { text, scale, edits }]) => {
      const words = cut(text);
      assert.deepEqual(encode(words).filter((id) => id === UNKNOWN), [], `${name}: all words are known`);
      checkEdits(edits, words.length);
      return [name, { words, answers: answer(words, scale, edits) }];
    }),
  );
  const { order, zero, moved, flat } = found;
  assert.ok(Math.abs(order.answers.dp.now.score - order.answers.dp.before.score) < 1e-5, "DP does not see the order");
  assert.ok(Math.abs(order.answers["dp-l"].now.score - order.answers["dp-l"].before.score) > 0.01, "DP-L does");
  assert.equal(zero.words[2], "not");
  assert.deepEqual([moved.words[3], moved.words[0]], ["great", "the"]);
  for (const name of NAMES) {
    assert.equal(zero.answers[name].now.weights[2], 0);
    assert.equal(moved.answers[name].now.weights[3], 0);
    const { weights, polarity, score } = flat.answers[name].now;
    assert.ok(weights.every((weight) => Math.abs(weight - 1 / weights.length) < 0.001), "λ = 10 000 is flat");
    assert.ok(Math.abs(score - polarity.reduce((sum, one) => sum + one / weights.length, 0)) < 0.01);
  }
});

test("with every word deleted nothing is decided", () => {
  for (const { now } of Object.values(answer(["good"], 1, [{ kind: "delete", place: 0 }]))) {
    assert.deepEqual(now, { weights: [0], polarity: [0], score: 0, probability: 0.5 });
  }
});

test("posters are drawn from what is stored, and that is what the weights give; nothing else is", () => {
  const none = answers(() => {
    throw new Error("no weights");
  });
  for (const [, { text, scale, edits }] of states()) {
    const words = cut(text);
    for (const [name, { now }] of Object.entries(none(words, scale, edits))) {
      const whole = answer(words, scale, edits)[name].now;
      whole.weights.forEach((weight, i) => assert.ok(Math.abs(now.weights[i] - weight) < 1e-3));
      assert.ok(Math.abs(now.probability - whole.probability) < 1e-3);
    }
  }
  assert.throws(() => none(["good"], 1, NONE), /no weights/);
  assert.equal(storedReading("dp", 1, ["good"]), undefined);
});

test("the words offered are others, and known", () => {
  assert.equal(offered("great")[0], "terrible");
  for (const word of [undefined, "good", "the", "snorkwobble", ...cut(schema.properties.text.default)]) {
    const words = offered(word);
    assert.ok(words.length === 3 && !words.includes(word ?? ""));
    assert.deepEqual(encode(words).filter((id) => id === UNKNOWN), []);
  }
});

test("a classifier's accuracy is known at every λ", () => {
  for (const name of NAMES) {
    for (const scale of SCALES) assert.ok(accuracy(name, scale) > 0.5 && accuracy(name, scale) < 1);
  }
});
