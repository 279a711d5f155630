/** A live region: what a figure did, for those who hear it. */

import { html } from "./elements.js";

const PAUSE = 600; // milliseconds without a change before the last text is spoken

/**
 * @returns {{ node: HTMLElement, say: (text: string) => void }} A hidden live region; only the last of a burst is said.
 */
export function liveRegion() {
  const node = html("p", { class: "heard", "aria-live": "polite" });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  function say(/** @type {string} */ text) {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      node.textContent = text;
    }, PAUSE);
  }
  return { node, say };
}
