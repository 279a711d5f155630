/** Make elements of HTML and SVG. Text only ever becomes a text node. */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Record<string, string | number | boolean | undefined>} Attributes */

/**
 * Make an HTML element.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes] `true` writes an empty attribute; `false` and `undefined` leave it out.
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function html(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/**
 * Make an SVG element.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string)} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svg(tag, attributes = {}, ...children) {
  return fill(/** @type {SVGElementTagNameMap[Tag]} */ (document.createElementNS(SVG, tag)), attributes, children);
}

/**
 * Change attributes of an element that stands already.
 * @param {Element} node
 * @param {Attributes} attributes
 */
export function change(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    const text = value === true ? "" : String(value);
    if (value === false || value === undefined) node.removeAttribute(name);
    // What stays is not written: the browser would draw it again.
    else if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
}

/**
 * @template {Element} Kind
 * @param {Kind} node
 * @param {Attributes} attributes
 * @param {(Node | string)[]} children
 * @returns {Kind}
 */
function fill(node, attributes, children) {
  change(node, attributes);
  node.append(...children);
  return node;
}
