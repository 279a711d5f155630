import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHTML } from "linkedom";
import { liveRegion } from "../common/announce.js";
import { written } from "../common/numbers.js";
import masks from "../masks/index.js";
import schema from "../masks/state.json" with { type: "json" };
import squareRoot from "../square-root-of-d/index.js";
import { STOPS } from "../square-root-of-d/model.js";

const { document, Event } = parseHTML("<!doctype html><html lang=en><body></body></html>");
Object.assign(globalThis, { document });

const first = Object.fromEntries(Object.entries(schema.properties).map(([key, { default: value }]) => [key, value]));

/**
 * A figure with a model as a notebook has it: silent when a new state equals the old one.
 * @param {any} state
 */
function notebook(state, figure = masks) {
  const el = document.createElement("div");
  /** @type {Set<() => void>} */
  const watchers = new Set();
  const model = {
    get: (/** @type {string} */ key) => (key === "state" ? state : "alt"),
    set(/** @type {string} */ _, /** @type {any} */ next) {
      const before = JSON.stringify(state);
      state = next;
      if (JSON.stringify(state) !== before) for (const watch of watchers) watch();
    },
    save_changes() {},
    on: (/** @type {string} */ _, /** @type {() => void} */ watch) => void watchers.add(watch),
    off: (/** @type {string} */ _, /** @type {() => void} */ watch) => void watchers.delete(watch),
  };
  const leave = figure.render({ model, el });
  const problem = () => el.querySelector(".problem")?.textContent ?? "";
  const find = (/** @type {string} */ name) => /** @type {any} */ (el.querySelector(`[data-control="${name}"]`));
  return { el, model, leave, problem, find };
}

test("a control that moves without changing the state says where it stands", () => {
  const { find, model } = notebook(first);
  const after = find("after");
  // With two keys of padding the first query sees the four real ones whether 3, 4 or 5 may follow.
  for (const value of ["3", "4", "5"]) {
    after.value = value;
    after.dispatchEvent(new Event("input"));
    assert.equal(after.getAttribute("aria-valuetext"), value);
  }
  assert.deepEqual(model.get("state").allowed[0], [true, true, true, true, false, false]);
});

test("radio buttons of two bundles on one page are two groups", async () => {
  const place = (/** @type {string} */ version) => new URL(`../common/controls.js${version}`, import.meta.url).href;
  const bundles = await Promise.all(["?one", "?other"].map((version) => import(place(version))));
  const groups = bundles.map(({ choice }) => {
    const { node } = choice({ label: "", name: "kind", options: [["a", "a"], ["b", "b"]], onChange() {} });
    return [...node.querySelectorAll("input")].map((input) => input.getAttribute("name"));
  });
  for (const group of groups) assert.equal(group[0], group[1]);
  assert.notEqual(groups[0][0], groups[1][0]);
});

test("a state that does not fit is named in a few words, and a good one mends it", () => {
  const long = "<b>🐍</b>".repeat(10_000);
  for (const [state, named] of /** @type {[any, string][]} */ ([
    [null, "state"],
    [undefined, "undefined"],
    [long, "state"],
    [{ ...first, [long]: 1 }, "%F0%9F%90%8D"],
    [{ ...first, row: Infinity }, "row"],
    [{ ...first, row: long }, "row"],
    [{ ...first, allowed: Array(50_000).fill([]) }, "allowed"],
    [JSON.parse('{"__proto__": {"row": 1}}'), "__proto__"],
  ])) {
    const { el, model, problem } = notebook(state);
    assert.equal(el.dataset.state, "error");
    assert.ok(problem().length < 300, `${problem().length} characters`);
    assert.ok(problem().includes(named), problem());
    assert.equal(el.querySelector(".problem")?.children.length, 0);
    model.set("state", first);
    assert.deepEqual([el.dataset.state, problem()], ["ready", ""]);
  }
});

test("a figure that was taken away follows its model no more", () => {
  const { el, model, leave } = notebook(first);
  const text = () => el.querySelector(".explained")?.textContent;
  const before = text();
  model.set("state", { ...first, row: 0 });
  assert.notEqual(text(), before);
  const last = text();
  leave();
  model.set("state", { ...first, row: 1 });
  assert.equal(text(), last);
});

test("a preset is marked while its state is shown; for any other state the hint stands", () => {
  const { el, find, model } = notebook(structuredClone(first));
  const note = () => el.querySelector(".notes .now")?.textContent;
  assert.equal(find("preset-empty").getAttribute("aria-pressed"), "true");
  assert.match(String(note()), /^Padding and a window/);
  model.set("state", { ...first, row: 0 });
  assert.equal(find("preset-empty").getAttribute("aria-pressed"), "false");
  assert.match(String(note()), /^Click a cell/);
});

test("the slider stands at the stop nearest to the dimension", () => {
  for (const [dimension, stop] of [[2, 2], [64, 64], [490, 470], [492, 512]]) {
    const { find } = notebook({ dimension, seed: 1 }, squareRoot);
    assert.equal(STOPS[Number(find("dimension").value)], stop);
  }
});

test("only the last of a burst is spoken", ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { node, say } = liveRegion();
  say("first");
  mock.timers.tick(500);
  say("last");
  mock.timers.tick(500);
  assert.equal(node.textContent, "");
  mock.timers.tick(500);
  assert.equal(node.textContent, "last");
});

test("a number has a true minus sign, and zero has none", () => {
  assert.deepEqual([-1.005, -0.001, -0, 2.5].map((value) => written(value)), ["−1.00", "0.00", "0.00", "2.50"]);
});
