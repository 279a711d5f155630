/** Draw a figure without a browser: the pictures that stand on paper, from disk, and until the figure is alive. */

import { parseHTML } from "linkedom";

const LIVE = /^(tabindex|role|aria-.*|data-.*)$/;

/**
 * Draw the poster of a figure's first state and of each preset.
 * @param {string} name
 * @param {{ properties: Record<string, { default: any }> }} schema
 * @param {{ default: ReturnType<typeof import("./common/figure.js").defineFigure>, presets: Record<string, object> }} module
 * @returns {Promise<{ state: object, html: string }[]>} The first one is the first state's.
 */
export async function posters(name, schema, module) {
  const first = Object.fromEntries(Object.entries(schema.properties).map(([key, { default: value }]) => [key, value]));
  const states = [first, ...Object.values(module.presets).map((changes) => ({ ...first, ...changes }))];
  return states.map((state) => ({ state, html: poster(name, state, module.default) }));
}

/**
 * @param {string} name
 * @param {Record<string, any>} state
 * @param {ReturnType<typeof import("./common/figure.js").defineFigure>} figure
 * @returns {string}
 */
function poster(name, state, figure) {
  const { document } = parseHTML("<!doctype html><html lang=en><body><div></div></body></html>");
  Object.assign(globalThis, { document });
  const el = /** @type {HTMLElement} */ (/** @type {unknown} */ (document.querySelector("div")));
  const nothing = () => {};
  const get = (/** @type {string} */ key) => (key === "state" ? state : undefined);
  figure.render({ model: { get, set: nothing, save_changes: nothing, on: nothing, off: nothing }, el });
  const pictures = el.querySelector(".pictures");
  if (el.dataset.state !== "ready" || !pictures) {
    throw new Error(`${name}: no poster; ${el.querySelector(".problem")?.textContent || "no element of class pictures"}`);
  }
  for (const node of pictures.querySelectorAll("*")) {
    for (const attribute of [...node.attributes]) {
      if (LIVE.test(attribute.name)) node.removeAttribute(attribute.name);
    }
  }
  return pictures.outerHTML;
}
