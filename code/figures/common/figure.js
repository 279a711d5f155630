/** What makes a figure: one ES module that anywidget shows in a notebook, and the site's loader on a page. */

import { Validator } from "@cfworker/json-schema";
import { liveRegion } from "./announce.js";
import { html } from "./elements.js";
import { language, strings } from "./strings.js";

/**
 * @typedef {Record<string, any>} State One entry a property of the figure's `state.json`.
 * @typedef {{ get: (key: string) => any, set: (key: string, value: any) => void, save_changes: () => void,
 *   on: (event: string, callback: () => void) => void, off: (event: string, callback: () => void) => void }} Model
 *   What anywidget gives, and the site's loader imitates. Keys: "state", "alt", and "weights" where a figure has
 *   some (a DataView of a safetensors file).
 * @typedef {{ stage: HTMLElement, state: () => State, set: (changes: State) => void, say: (text: string) => void,
 *   weights: () => DataView }} Context
 *   `stage` takes the figure's elements; `state` is the present one; `set` changes it and draws; `say` speaks.
 */

/**
 * Define a figure.
 * @param {{ name: string, schema: object, build: (context: Context) => (state: State) => void }} definition
 *   `build` fills the stage once and returns the function that draws a state. The pictures that also serve as the
 *   poster stand in one element of class "pictures".
 * @returns {{ render: (given: { model: Model, el: HTMLElement }) => () => void }} An anywidget front end.
 */
export function defineFigure({ name, schema, build }) {
  const validator = new Validator(/** @type {any} */ (schema), "2020-12", false);
  function render(/** @type {{ model: Model, el: HTMLElement }} */ { model, el }) {
    const stage = html("div", { class: "stage", lang: language(), role: "group", "aria-label": model.get("alt") ?? name });
    const heard = liveRegion();
    const problem = html("p", { class: "problem", role: "alert" });
    /** @type {((state: State) => void) | undefined} */
    let draw;
    /** @type {State} */
    let shown;
    const state = () => model.get("state");

    function update() {
      shown = state();
      try {
        check(validator, shown);
        draw ??= build({ stage, state, set, say: heard.say, weights: () => weightsOf(model) });
        draw(shown);
        problem.textContent = "";
        el.dataset.state = "ready";
      } catch (error) {
        if (!draw) stage.replaceChildren();
        problem.textContent = `${strings("common").problem} ${error instanceof Error ? error.message : error}`;
        el.dataset.state = "error";
      }
    }

    function set(/** @type {State} */ changes) {
      model.set("state", { ...state(), ...changes });
      model.save_changes();
      // A notebook's model is silent when the new state equals the old; the control that moved is set all the same.
      if (shown !== state()) update();
    }

    el.classList.add("attn-figure");
    el.dataset.figure = name;
    el.append(problem, stage, heard.node);
    update();
    model.on("change:state", update);
    return () => model.off("change:state", update);
  }
  return { render };
}

/**
 * @param {Validator} validator
 * @param {State} state
 */
function check(validator, state) {
  const { valid, errors } = validator.validate(state);
  if (valid) return;
  const { instanceLocation, error } = errors[errors.length - 1];
  const [, key = ""] = instanceLocation.split("/");
  const came = key ? (JSON.stringify(state[key]) ?? "nothing") : Object.keys(state ?? {});
  throw new Error(`${instanceLocation.slice(2) || "state"}: ${error} (${came})`.slice(0, 200));
}

/**
 * @param {Model} model
 * @returns {DataView}
 */
function weightsOf(model) {
  const weights = model.get("weights");
  if (!weights || weights.byteLength === 0) throw new Error(strings("common").noWeights);
  return weights;
}
