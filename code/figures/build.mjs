/** Bundle every figure into one ES module, with its schema and posters beside it: `node build.mjs [FOLDER]`. */

import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, transform } from "esbuild";
import { posters } from "./posters.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const target = resolve(process.argv[2] ?? join(here, "../attnbook/figures/bundles"));

const folders = (await readdir(here, { withFileTypes: true })).filter((entry) => entry.isDirectory());
const inside = await Promise.all(folders.map(async ({ name }) => [name, await readdir(join(here, name))]));
const figures = inside.filter(([, files]) => files.includes("state.json")).map(([name]) => String(name));

await mkdir(target, { recursive: true });
for (const name of figures) {
  const entry = join(here, name, "index.js");
  await build({
    entryPoints: [entry],
    outfile: join(target, `${name}.mjs`),
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
  });
  const schema = JSON.parse(await readFile(join(here, name, "state.json"), "utf8"));
  const drawn = await posters(name, schema, await import(pathToFileURL(entry).href));
  await writeFile(join(target, `${name}.json`), `${JSON.stringify({ schema, posters: drawn }, null, 1)}\n`);
}
const css = await readFile(join(here, "common/figure.css"), "utf8");
await writeFile(join(target, "figure.css"), (await transform(css, { loader: "css", minify: true })).code);
console.log(`${figures.join(", ")}: bundled into ${target}`);
