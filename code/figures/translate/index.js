/** Translate: a Chinese sentence through one fixed vector and with attention, and where attention looks. */

import { choice } from "../common/controls.js";
import { html } from "../common/elements.js";
import { defineFigure } from "../common/figure.js";
import { presetButtons } from "../common/presets.js";
import { strings } from "../common/strings.js";
import { translations } from "./answers.js";
import { cut, examples, goldOf, ladder, size } from "./corpus.js";
import { clauseSlider } from "./growth.js";
import { sentenceInput } from "./input.js";
import { UNKNOWN } from "./model.js";
import { drawing } from "./pictures.js";
import schema from "./state.json" with { type: "json" };

/** @typedef {import("./corpus.js").Word} Word */

/** Changes to the first state. */
export const presets = {
  food: { sentence: examples.food },
  order: { sentence: examples.order },
  clause: { sentence: examples.clause },
  question: { sentence: examples.question },
  long: { sentence: examples.long },
  unknown: { sentence: examples.unknown },
};

export default defineFigure({ name: "translate", schema, build });

/** @type {(context: import("../common/figure.js").Context) => (state: import("../common/figure.js").State) => void} */
function build({ stage, set, say, weights }) {
  const texts = strings("translate");
  const translate = translations(weights);
  const pictures = drawing(texts);
  const input = sentenceInput({
    label: texts.sentence,
    most: schema.properties.sentence.maxLength,
    tooLong: texts.tooLong,
    onInput: (sentence) => move({ sentence }),
  });
  const clauses = clauseSlider(texts, (count) => move({ sentence: ladder[count - 1] }));
  const model = choice({
    label: texts.model,
    name: "model",
    options: texts.models,
    onChange: (value) => move({ model: value }),
  });
  const ready = presetButtons({
    schema,
    presets,
    texts: texts.preset,
    hint: texts.hint,
    label: texts.presets,
    set: ({ sentence }) => set({ sentence }), // an example leaves the choice of the model alone
    say: (note) => say(`${note} ${pictures.summary()}`),
  });
  const controls = html("div", { class: "controls" }, clauses.node, model.node);
  stage.append(input.node, ready.node, controls, pictures.node, pictures.notes);
  const nobodyCame = new AbortController();
  for (const event of ["pointerover", "focusin"]) {
    stage.addEventListener(event, () => (nobodyCame.abort(), prepare(translate)), { signal: nobodyCame.signal });
  }

  function move(/** @type {Record<string, string>} */ changes) {
    set(changes);
    say(pictures.summary());
  }

  return ({ sentence, model: name }) => {
    const words = cut(sentence);
    const gold = goldOf(words);
    const answers = words.length ? translate(words, gold) : {};
    input.set(sentence, message(texts, words, Boolean(gold)));
    pictures.draw({ words, answers, model: name, hasGold: Boolean(gold), clauses: ladder.indexOf(sentence) + 1 });
    clauses.set(clausesOf(sentence, words));
    model.set(name);
    ready.set({ sentence, model: schema.properties.model.default });
  };
}

/**
 * Translate the slider's sentences while the browser has nothing else to do, for a reader who has come to the figure:
 * the slider then answers at once, and what is typed sooner, since the browser has made the program fast.
 * @param {ReturnType<typeof translations>} translate
 */
function prepare(translate) {
  const [next, ...others] = ladder.map(cut);
  const step = (/** @type {Word[]} */ words) =>
    globalThis.requestIdleCallback?.(() => {
      translate(words, goldOf(words));
      if (others.length) step(/** @type {Word[]} */ (others.shift()));
    });
  step(next);
}

/**
 * @param {string} sentence
 * @param {Word[]} words
 * @returns {number} Where the slider stands.
 */
function clausesOf(sentence, words) {
  const commas = words.filter(({ text }) => text === "，").length;
  return ladder.includes(sentence) ? ladder.indexOf(sentence) + 1 : Math.min(commas + 1, ladder.length);
}

/**
 * @param {ReturnType<typeof strings<"translate">>} texts
 * @param {Word[]} words
 * @param {boolean} hasGold
 * @returns {string} What there is to say about a sentence.
 */
function message(texts, words, hasGold) {
  const unknown = words.filter(({ id }) => id === UNKNOWN).map(({ text }) => text);
  if (!words.length) return texts.empty;
  if (unknown.length) return texts.unknownWords([...new Set(unknown)], size);
  return hasGold ? texts.hasGold : texts.hasNoGold;
}
