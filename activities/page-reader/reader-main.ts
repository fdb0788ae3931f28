// The process that reads one page: a line of JSON and the bytes come in, a line of JSON goes out. It has no
// environment and is killed by whoever started it (read-in-child.ts).

import { pageText, type RawPage } from "./page-text.ts";

/** As much as a tool keeps of a result. */
const TEXT_CHARS_MAX = 8 * 1024 * 1024;

const pieces: Buffer[] = [];
for await (const piece of process.stdin) pieces.push(Buffer.from(piece));
const input = Buffer.concat(pieces);
const lineEnd = input.indexOf("\n");
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own writing
const page = JSON.parse(input.toString("utf8", 0, lineEnd)) as RawPage;
const read = await pageText(page, new Uint8Array(input.subarray(lineEnd + 1)));
process.stdout.write(JSON.stringify({ ...read, text: read.text.slice(0, TEXT_CHARS_MAX) }), () =>
  process.exit(0),
);
