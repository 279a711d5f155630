/** The sentence, its translations and the map: what is linked to a word lights up in all of them. */

import { html } from "../common/elements.js";
import { show, written } from "../common/numbers.js";
import { largest } from "./grade.js";
import { errorTable } from "./growth.js";
import { line } from "./lines.js";
import { heatMap } from "./map.js";
import { NAMES, UNKNOWN } from "./model.js";
import { STYLE } from "./style.js";

/**
 * @typedef {ReturnType<typeof import("../common/strings.js").strings<"translate">>} Texts
 * @typedef {import("./answers.js").Answer} Answer
 * @typedef {import("./lines.js").Shown} Shown
 * @typedef {import("./map.js").Place} Place
 * @typedef {{ words: import("./corpus.js").Word[], answers: Record<string, Answer>, model: string, hasGold: boolean,
 *   clauses: number }} Seen What is on show: answers by the translator's name, none for an empty sentence; `model` is
 *   the one whose attention is drawn; `clauses` of the sentence that grows, 0 for any other.
 */

/**
 * @param {Texts} texts
 * @returns {{ node: HTMLElement, notes: HTMLElement, draw: (seen: Seen) => void, summary: () => string }} The pictures,
 *   what stands below them, and what is heard of them.
 */
export function drawing(texts) {
  const onPoint = (/** @type {Place} */ place, /** @type {boolean} */ isFocus) => links.point(place, isFocus);
  const source = line({ name: "source", label: texts.source, language: "zh", side: "source", onPoint });
  const targets = NAMES.map((name) => {
    const [label, language] = [texts.names[name], "en"];
    return { name, ...line({ name, label, language, side: "target", onPoint }) };
  });
  const map = heatMap(onPoint);
  const growth = errorTable(texts);
  const links = linking(texts, { source, targets, map });
  const rate = html("span", { "data-name": "alignment-error" });
  const rated = html("p", { class: "note" }, texts.outlined, rate);
  const unrated = html("p", { class: "note" }, texts.notOutlined);
  const lines = html("div", { class: "lines" }, source.node, ...targets.map(({ node }) => node));
  /** @type {Seen | undefined} */
  let seen;

  function draw(/** @type {Seen} */ given) {
    // What stays is not built again: the map would grow anew, and the focus would be lost.
    if (JSON.stringify([given.words, given.model]) === JSON.stringify([seen?.words, seen?.model])) return;
    seen = given;
    const { answers, model, hasGold } = given;
    growth.mark(given.clauses);
    source.draw(chinese(texts, given));
    for (const { name, draw: drawLine } of targets) {
      const answer = answers[name];
      drawLine(answer ? lined(texts, given, name) : [], answer && hasGold ? texts.grade(answer.errors) : undefined);
    }
    const { english = [], weights = [], outlines: gold = new Set() } = answers[model] ?? {};
    const label = texts.map(texts.names[model]);
    map.draw(english.length ? { source: columnsOf(texts, given), target: english, weights, gold, label } : undefined);
    const error = answers[model]?.alignmentError;
    if (error !== undefined) show(rate, error);
    [rated.hidden, unrated.hidden] = [error === undefined, error !== undefined];
    links.reset(given);
  }

  return {
    node: html("div", { class: "pictures" }, html("style", {}, STYLE), growth.node, lines, map.node),
    notes: html("div", {}, links.note, rated, unrated),
    draw,
    summary: () => (seen?.answers[seen.model] ? texts.heard(heard(texts, seen)) : texts.empty),
  };
}

/**
 * @typedef {{ mark: (strengths: number[]) => void }} Marked
 * @param {Texts} texts
 * @param {{ source: Marked, targets: ({ name: string } & Marked)[], map: { mark: (place: Place) => void } }} parts
 * @returns {{ note: HTMLElement, point: (place: Place, isFocus: boolean) => void, reset: (seen: Seen) => void }}
 *   What the pointer is on counts, else what has the focus.
 */
function linking(texts, { source, targets, map }) {
  const note = html("p", { class: "note linked-words" });
  /** @type {Place[]} */
  let [focused, pointed] = [{}, {}];
  /** @type {Seen} */
  let seen;

  function mark() {
    const place = isNowhere(pointed) ? focused : pointed;
    const rows = seen.answers[seen.model]?.weights ?? [];
    const { source: column, target: row } = place;
    const along = row === undefined ? [] : Array.from(rows[row], (weight, j) => ((column ?? j) === j ? weight : 0));
    const down = column === undefined ? [] : rows.map((weights, i) => ((row ?? i) === i ? weights[column] : 0));
    source.mark(along);
    for (const target of targets) target.mark(target.name === seen.model ? down : []);
    map.mark(place);
    note.textContent = isNowhere(place) || !rows.length ? texts.point : told(texts, seen, place);
  }

  return {
    note,
    point(place, isFocus) {
      [focused, pointed] = isFocus ? [place, pointed] : [focused, place];
      mark();
    },
    reset(given) {
      [seen, focused, pointed] = [given, {}, {}];
      mark();
    },
  };
}

/** @type {(place: Place) => boolean} */
const isNowhere = ({ source, target }) => source === undefined && target === undefined;

/** @type {(texts: Texts, seen: Seen) => string[]} What the map has a column for. */
const columnsOf = (texts, { words }) => [...words.map(({ text }) => text), texts.end];

/**
 * @param {Texts} texts
 * @param {Seen} seen
 * @returns {Shown[]} The words of the sentence and its end.
 */
function chinese(texts, { words }) {
  if (!words.length) return [];
  const unknown = /** @type {Partial<Shown>} */ ({ name: texts.unknown, kind: "unknown" });
  const shown = words.map(({ text, id }) => ({ text, isLinked: true, ...(id === UNKNOWN ? unknown : {}) }));
  return [...shown, { text: texts.end, isLinked: true }];
}

/**
 * @param {Texts} texts
 * @param {Seen} seen
 * @param {string} name
 * @returns {Shown[]} The words of a translation, and those that are missing.
 */
function lined(texts, seen, name) {
  const { pieces, weights } = seen.answers[name];
  const columns = columnsOf(texts, seen);
  return pieces.map(({ word, found, isWrong }) => {
    if (found === undefined) return { text: word, kind: "missing" };
    const kind = isWrong ? "wrong" : undefined;
    if (name !== seen.model || !weights) return { text: word, kind };
    const row = Array.from(weights[found]);
    const looks = texts.looks(columns[largest(row)], written(Math.max(...row)));
    return { text: word, kind, isLinked: true, name: isWrong ? `${texts.wrong}, ${looks}` : looks };
  });
}

/**
 * @param {Texts} texts
 * @param {Seen} seen
 * @param {Place} place
 * @returns {string} What is linked to a word, the strongest first.
 */
function told(texts, seen, { source, target }) {
  const { english, weights = [] } = seen.answers[seen.model];
  const columns = columnsOf(texts, seen);
  const linked = english.flatMap((word, i) =>
    columns.flatMap((column, j) =>
      (target ?? i) === i && (source ?? j) === j ? [{ word, column, weight: weights[i][j] }] : [],
    ),
  );
  linked.sort((one, other) => other.weight - one.weight);
  const best = linked.slice(0, 3).filter(({ weight }, rank) => rank === 0 || weight >= 0.005);
  const others = best.map(({ word, column, weight }) => `${target === undefined ? word : column} ${written(weight)}`);
  const [asked, arrow] = target === undefined ? [columns[source ?? 0], "→"] : [english[target], "←"];
  return `${asked} ${arrow} ${others.join(" · ")}`;
}

/**
 * @param {Texts} texts
 * @param {Seen} seen
 * @returns {[name: string, text: string][]} What is heard of each translator.
 */
function heard(texts, { answers, hasGold }) {
  return NAMES.map((name) => {
    const { english, errors } = answers[name];
    const said = english.length > 12 ? texts.words(english.length) : english.join(" ");
    return [texts.names[name], hasGold ? `${said}, ${texts.grade(errors).text}` : said];
  });
}
