// Typeset formulas with MathJax: `node typeset.cjs NODE_MODULES FONTS < [{"tex": …, "display": …}, …]`.
// Prints {"css": …, "html": [one string a formula]}. What MathJax cannot read is an <mjx-merror> in the string.

const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const [modules, fonts] = process.argv.slice(2);

async function main() {
  const MathJax = await require(join(modules, "mathjax/es5/node-main.js")).init({
    loader: { load: ["input/tex-full", "output/chtml", "a11y/assistive-mml"] },
    tex: { packages: { "[-]": ["noerrors", "noundefined"] } },
    chtml: { fontURL: fonts, adaptiveCSS: false },
    startup: { typeset: false },
  });
  const { adaptor } = MathJax.startup;
  const formulas = JSON.parse(readFileSync(0, "utf8"));
  const html = formulas.map(({ tex, display }) => adaptor.outerHTML(MathJax.tex2chtml(tex, { display })));
  process.stdout.write(JSON.stringify({ css: adaptor.textContent(MathJax.chtmlStylesheet()), html }));
}

main();
