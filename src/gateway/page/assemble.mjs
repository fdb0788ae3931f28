// Gathers the page in the one folder that the gateway serves: what was compiled, and what needs no
// compiling. Takes out the indentation, which is a fifth of the bytes and means nothing.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

const sources = new URL("./", import.meta.url);
const compiled = new URL("../../../dist/page/src/gateway/page/", import.meta.url);
const served = new URL("../../../dist/src/gateway/page/", import.meta.url);

mkdirSync(served, { recursive: true });
copyAll(sources, /\.(html|css|svg)$/);
copyAll(compiled, /\.js$/);

/** Comments, and the space behind a property and before its block. */
function withoutAir(css) {
  return css.replace(/\/\*[^]*?\*\//g, "").replace(/: | \{/g, (found) => found.trim());
}

function copyAll(folder, pattern) {
  for (const name of readdirSync(folder).filter((file) => pattern.test(file))) {
    const text = readFileSync(new URL(name, folder), "utf8");
    const plain = name.endsWith(".css") ? withoutAir(text) : text;
    writeFileSync(new URL(name, served), plain.replace(/\n\s+/g, "\n"));
  }
}
