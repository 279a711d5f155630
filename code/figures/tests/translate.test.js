import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readSafetensors } from "../kit/safetensors.js";
import { stack, tensor } from "../kit/tensor.js";
import { growingErrors, translations } from "../translate/answers.js";
import {
  cut, english, englishIds, examples, goldOf, ladder, storedAnswers, suggest, trainedClauses,
} from "../translate/corpus.js";
import { alignmentError, compare, largest } from "../translate/grade.js";
import { presets } from "../translate/index.js";
import { END, NAMES, UNKNOWN, look, translate, write } from "../translate/model.js";
import schema from "../translate/state.json" with { type: "json" };
import { assertSame, readReference } from "./kit_references.js";

/** @typedef {import("../kit/tensor.js").Tensor} Tensor */

const WEIGHTS = readFileSync(new URL("../../attnbook/figures/weights/translate.safetensors", import.meta.url));
const { tensors, runs } = readReference("translate");
const MAX_LENGTH = 12;

const ids = (/** @type {Tensor} */ given) => [...given.data];
const matrix = (/** @type {Float32Array[]} */ rows) => stack(rows.map((row) => tensor(row, [row.length])));
const texts = (/** @type {string} */ sentence) => cut(sentence).map(({ text }) => text);
const unknown = (/** @type {string} */ sentence) => cut(sentence).filter(({ id }) => id === UNKNOWN);

for (const { inputs: [source, target], outputs } of runs) {
  const lengths = `${source.shape} source words, ${target.shape} target words`;
  test(`logits and weights of a given translation are PyTorch's: ${lengths}`, () => {
    const found = NAMES.flatMap((name) => {
      const { logits, weights } = write(tensors, name, ids(source), (_, length) => ids(target)[length]);
      const parts = [[`${name}.logits`, matrix(logits)]];
      if (name === "fixed_vector") return parts;
      assert.deepEqual(look(tensors, name, ids(source), ids(target)), weights);
      return [...parts, [`${name}.weights`, matrix(weights)]];
    });
    const wanted = Object.entries(outputs).filter(([name]) => !name.endsWith(".words"));
    assertSame(Object.fromEntries(found), Object.fromEntries(wanted));
  });

  test(`greedy translations are PyTorch's, word for word: ${lengths}`, () => {
    for (const name of NAMES) {
      const { words } = translate(tensors, name, ids(source), MAX_LENGTH);
      assert.deepEqual(words, ids(outputs[`${name}.words`]), name);
    }
  });
}

test("a model whose file has no output matrix scores words by their embeddings", () => {
  const [{ inputs: [source] }] = runs;
  for (const name of NAMES) {
    const embedding = tensors.get(`${name}.target_embedding.weight`);
    assert.ok(embedding);
    const twice = new Map([...tensors, [`${name}.output.weight`, embedding]]);
    const once = new Map([...tensors].filter(([key]) => key !== `${name}.output.weight`));
    const [got, wanted] = [once, twice].map((given) => translate(given, name, ids(source), MAX_LENGTH));
    assert.deepEqual(got, wanted);
    assert.notDeepEqual(got.logits, translate(tensors, name, ids(source), MAX_LENGTH).logits);
  }
});

test("weights that are missing, and ids outside the vocabulary, are named", () => {
  const without = new Map([...tensors].filter(([key]) => key !== "rnnsearch.bridge.weight"));
  assert.throws(() => translate(without, "rnnsearch", [4, END]), /no tensor "rnnsearch.bridge.weight"/);
  assert.throws(() => translate(tensors, "luong-general", [400, END]), /whole number from 0 to 12; got 400/);
  assert.throws(() => look(tensors, "fixed_vector", [4, END], [4]), /fixed_vector looks nowhere/);
});

test("a sentence is cut into the longest words that fit", () => {
  assert.deepEqual(texts("我喜欢食物"), ["我", "喜欢", "食物"]);
  assert.deepEqual(texts("我们喜欢食物"), ["我们", "喜欢", "食物"]);
  assert.deepEqual(texts(" 我 喜欢食物。 "), ["我", "喜欢", "食物"]);
  assert.deepEqual(texts("我喜欢食物,我不喜欢鱼?!"), ["我", "喜欢", "食物", "，", "我", "不", "喜欢", "鱼"]);
  assert.deepEqual(texts("我正 在家"), ["我", "正", "在", "家"]);
  assert.equal(unknown("我喜欢食物，我不喜欢鱼").length, 0);
});

test("what is no word of the corpus is one unknown word, whole", () => {
  assert.deepEqual(texts("我喜欢披萨和🐍🍕"), ["我", "喜欢", "披萨", "和", "🐍🍕"]);
  assert.deepEqual(unknown("<b onclick=x>我</b>").map(({ text }) => text), ["<b", "onclick=x>", "</b>"]);
  assert.deepEqual(unknown("<unk> </s>").map(({ id }) => id), [UNKNOWN, UNKNOWN]);
  for (const nothing of ["", "   ", "。", "?!", "\n\t"]) assert.deepEqual(cut(nothing), []);
});

test("suggestions go on with the sentence, word by word", () => {
  const values = (/** @type {string} */ text) => suggest(text).map(({ value }) => value);
  assert.ok(values("我喜").includes("我喜欢"));
  assert.ok(suggest("我喜").some(({ label }) => label.startsWith("喜欢 l")));
  assert.ok(values("").length >= 5);
  assert.deepEqual(values("🐍"), []);
  for (const text of ["", "我", "我喜欢", "厨师的朋友正", "我 "]) {
    for (const value of values(text)) {
      assert.ok(value.startsWith(text.trimEnd()));
      assert.deepEqual(unknown(value), [], value);
      assert.ok(texts(value).length >= texts(text).length, `${text}: ${value}`);
    }
  }
});

test("every prepared sentence is cut as it was meant, fits, and has its gold", () => {
  for (const sentence of [...Object.values(examples), ...ladder]) {
    const words = cut(sentence);
    assert.ok([...sentence].length <= schema.properties.sentence.maxLength);
    const gold = goldOf(words);
    assert.equal(Boolean(gold), sentence !== examples.unknown, sentence);
    if (!gold) continue;
    assert.deepEqual(unknown(sentence), []);
    assert.ok(!englishIds(gold.target).includes(-1));
    for (const [source, target] of gold.links) assert.ok(source < words.length && target < gold.target.length);
  }
  ladder.forEach((sentence, i) => assert.equal(texts(sentence).filter((word) => word === "，").length, i));
  ladder.slice(1).forEach((sentence, i) => assert.ok(sentence.startsWith(`${ladder[i]}，`)));
  assert.equal(ladder.length, 6);
});

test("the gold is the grammar's", () => {
  const gold = goldOf(cut("我喜欢食物"));
  assert.deepEqual(gold, { target: ["i", "like", "food"], links: [[0, 0], [1, 1], [2, 2]] });
  assert.equal(goldOf(cut("食物喜欢我")), undefined);
});

test("a sentence that comes again is not translated again, until many others have come", () => {
  const answer = translations(() => new DataView(Uint8Array.from(WEIGHTS).buffer));
  const asked = (/** @type {string} */ sentence) => answer(cut(sentence), goldOf(cut(sentence)));
  const first = asked("我喜欢食物");
  assert.notEqual(asked("我不喜欢食物"), first);
  assert.equal(asked("我 喜欢 食物。"), first);
  for (let i = 0; i < 60; i++) asked("我".repeat(i + 1));
  assert.notEqual(asked("我喜欢食物"), first);
  assert.deepEqual(asked("我喜欢食物"), first);
});

test("a translation is compared in the fewest changes", () => {
  const said = (/** @type {string} */ found, /** @type {string} */ gold) => {
    const { pieces, errors } = compare(found.split(" ").filter(Boolean), gold.split(" ").filter(Boolean));
    const sign = (/** @type {typeof pieces[number]} */ piece) =>
      piece.found === undefined ? "+" : piece.gold === undefined ? "-" : "";
    return `${pieces.map((piece) => sign(piece) + piece.word).join(" ")} ${errors}`;
  };
  assert.equal(said("i like food", "i like food"), "i like food 0");
  assert.equal(said("i eat food", "i like food"), "i -eat +like food 1");
  assert.equal(said("i food", "i like food"), "i +like food 1");
  assert.equal(said("i like like food", "i like food").slice(-1), "1");
  assert.equal(said("", "i like"), "+i +like 2");
  assert.equal(said("a b", ""), "-a -b 2");
  assert.equal(said("b a c d", "a b c d").slice(-1), "2");
});

test("the alignment error rate is Och and Ney's, </s> left out", () => {
  const links = [[0, 0], [1, 1], [1, 2]];
  const weights = [[0.9, 0.1, 0], [0.1, 0.2, 0.7], [0.3, 0.2, 0.5]];
  assert.equal(alignmentError(weights, 3, links), 1 - 4 / 6);
  assert.equal(alignmentError([[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]], 3, links), 0);
  assert.equal(alignmentError([[0.5, 0.5, 0]], 1, [[0, 0]]), 0);
});

test("each example has what its poster is drawn from; without weights nothing else is answered", () => {
  const none = () => {
    throw new Error("no weights");
  };
  for (const { sentence } of Object.values(presets)) {
    const words = cut(sentence);
    const answers = translations(none)(words, goldOf(words));
    assert.deepEqual(Object.keys(answers), NAMES);
    assert.equal(answers.rnnsearch.weights?.[0].length, words.length + 1);
    assert.equal(answers["luong-general"].alignmentError, undefined);
  }
  assert.throws(() => translations(none)(cut("我不喜欢食物"), undefined), /no weights/);
});

test("the trained translators write what PyTorch wrote, and look where it looked", () => {
  const trained = readSafetensors(WEIGHTS);
  for (const sentence of [...Object.values(examples), ...ladder]) {
    const words = cut(sentence);
    for (const name of NAMES) {
      const { words: written, weights } = translate(trained, name, [...words.map(({ id }) => id), END]);
      const stored = storedAnswers(words)?.[name];
      assert.deepEqual(written, stored?.words, `${name}: ${sentence}`);
      stored?.weights?.forEach((row, i) =>
        row.forEach((weight, j) => assert.ok(Math.abs(weights[i][j] - weight) <= 0.0005 + 1e-5)),
      );
    }
  }
});

/** @type {(sentence: string) => Record<string, import("../translate/answers.js").Answer>} */
function answered(sentence) {
  const words = cut(sentence);
  return translations(() => new DataView(Uint8Array.from(WEIGHTS).buffer))(words, goldOf(words));
}

test("the notes say what is seen: a diagonal, and an order that leaves it", () => {
  for (const name of ["rnnsearch", "luong-general"]) {
    const [food, order] = [examples.food, examples.order].map((sentence) => answered(sentence)[name]);
    const places = [food, order].map(({ weights = [] }) => weights.map((row) => largest(Array.from(row))));
    assert.deepEqual(places[0].slice(0, 3), [0, 1, 2], name);
    assert.equal(food.alignmentError, 0);
    assert.equal(order.english.at(-1), "yesterday");
    assert.equal(places[1][order.english.length - 1], 2, `${name}: 昨天`);
    assert.ok((order.alignmentError ?? 1) < 0.5);
  }
});

test("attention holds as long as it was trained for and no longer, the fixed vector breaks before", () => {
  const errors = ladder.map(answered);
  for (const [name, growing] of Object.entries(growingErrors())) {
    assert.deepEqual(growing, errors.map((answers) => answers[name].errors), name);
  }
  for (const name of ["rnnsearch", "luong-general"]) {
    assert.deepEqual(errors.slice(0, trainedClauses).map((answers) => answers[name].errors), [0, 0, 0, 0], name);
    assert.ok(errors[5][name].errors > 0);
  }
  assert.equal(errors[0].fixed_vector.errors, 0);
  assert.ok(errors[3].fixed_vector.errors > 0);
});

test("words go to ids and back", () => {
  const words = ["i", "like", "food", ","];
  assert.deepEqual(english(englishIds(words)), words);
});
