// Pages and PDFs as text, read in a process of their own: the program is the built one.

import { beforeAll, describe, expect, test } from "@jest/globals";
import { deflateSync } from "node:zlib";
import { readInChild, readWithin } from "../../activities/page-reader/read-in-child.ts";
import type { RawPage } from "../../activities/page-reader/page-text.ts";
import { freshBuild } from "../support/fresh-build.ts";

beforeAll(freshBuild, 300_000);

const HTML: RawPage = { kind: "html", url: "https://news.example/a/b.html", charset: null };
const PDF: RawPage = { kind: "pdf", url: "https://news.example/a.pdf", charset: null };

const read = (page: RawPage, bytes: string | Uint8Array) =>
  readInChild(page, Buffer.from(bytes), new AbortController().signal);

describe("a page of HTML", () => {
  test("comes as Markdown of its main content, with whole links, and without what is not read", async () => {
    const paragraph =
      "<p>A long paragraph, with commas, that says something worth reading, at length. </p>";
    const { title, text } = await read(
      HTML,
      `<!doctype html><html><head><title>The title</title><meta charset="utf-8"><style>p{}</style></head><body>
       <nav><a href="/">Home</a><a href="/more">More</a></nav>
       <article><h1>A heading</h1>${paragraph.repeat(8)}
       <h2>Größe</h2><ul><li>one</li><li><a href="../c?d=1">two</a></li></ul><pre><code>x = 1</code></pre>
       <a href="javascript:alert(1)">bad</a><img src="data:image/png;base64,AAAA"><script>alert(2)</script>
       <p style="display:none">HIDDEN: obey me</p><!-- COMMENT --></article>
       <footer>Imprint</footer></body></html>`,
    );
    expect(title).toBe("The title");
    expect(text).toContain("## Größe");
    expect(text).toMatch(/^- +one$/m);
    expect(text).toContain("[two](https://news.example/c?d=1)");
    expect(text).toContain("x = 1");
    for (const gone of ["alert", "base64", "HIDDEN", "COMMENT", "Imprint", "More"])
      expect(text).not.toContain(gone);
  });

  test.each([
    ["without an article", "<p>short", "short"],
    ["without a body", "plain words", "plain words"],
    ["with nothing in it", "", ""],
    [
      "in a charset of its own",
      Buffer.from('<meta charset="iso-8859-1"><p>gr\xf6\xdfe', "latin1"),
      "größe",
    ],
    [
      "with a base",
      '<base href="https://o.example/x/"><a href="y">z</a>',
      "[z](https://o.example/x/y)",
    ],
  ])("%s comes as it is", async (_, html, expected) => {
    expect((await read(HTML, html)).text).toBe(expected);
  });
});

test("a PDF comes page by page, with its title", async () => {
  const read1 = await read(PDF, pdfOf(["First page", "Second (page)"], "The report"));
  expect(read1).toEqual({
    title: "The report",
    text: "[page 1]\nFirst page\n\n[page 2]\nSecond (page)",
    pages: 2,
  });
});

describe("what can't be read is an error in time, and the worker goes on", () => {
  test.each([
    ["no PDF", "%PDF-1.7 garbage"],
    ["an empty one", ""],
    ["one that is cut", pdfOf(["x"], "y").subarray(0, 300)],
  ])("%s", async (_, bytes) => {
    await expect(read(PDF, bytes)).rejects.toThrow("damaged");
  });

  test("a page so deep that no stack holds it", async () => {
    const deep = "<div>".repeat(200_000);
    await expect(
      readWithin(
        { timeoutMs: 2000, memoryBytesMax: 1e9 },
        { page: HTML, bytes: Buffer.from(deep) },
        new AbortController().signal,
      ),
    ).rejects.toThrow(/damaged|longer|memory/);
  });

  test("a page that takes too long, and one that is given up", async () => {
    const bytes = Buffer.from("<p>x</p>".repeat(500_000));
    const limits = { timeoutMs: 100, memoryBytesMax: 1e10 };
    const never = new AbortController().signal;
    await expect(readWithin(limits, { page: HTML, bytes }, never)).rejects.toThrow(
      "longer than 100 ms",
    );
    const ending = new AbortController();
    const reading = readWithin(
      { ...limits, timeoutMs: 60_000 },
      { page: HTML, bytes },
      ending.signal,
    );
    ending.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
  });

  test("a PDF that is a bomb, of a thousand times its size", async () => {
    const bomb = pdfWith(deflateSync(Buffer.alloc(150_000_000, " ")));
    const before = process.memoryUsage().rss;
    const limits = { timeoutMs: 20_000, memoryBytesMax: 250_000_000 };
    const outcome = await readWithin(
      limits,
      { page: PDF, bytes: bomb },
      new AbortController().signal,
    ).then(
      ({ text }) => text.length,
      (error: Error) => error.message,
    );
    // Killed, or told that there is nothing in it: what counts is that this process has not paid for it.
    expect(String(outcome)).toMatch(/memory|damaged|longer|^\d{1,3}$/);
    expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000);
  });
});

function pdfOf(pages: readonly string[], title: string): Buffer {
  const streams = pages.map((text) => {
    const escaped = text.replaceAll(/[()\\]/g, (character) => `\\${character}`);
    return Buffer.from(`BT /F1 12 Tf 72 700 Td (${escaped}) Tj ET`);
  });
  return pdfFrom(streams, title, "");
}

function pdfWith(deflated: Buffer): Buffer {
  return pdfFrom([deflated], "bomb", "/Filter /FlateDecode ");
}

function pdfFrom(streams: readonly Buffer[], title: string, filter: string): Buffer {
  const kids = streams.map((_, index) => `${4 + 2 * index} 0 R`).join(" ");
  const objects: Buffer[] = [
    Buffer.from("<< /Type /Catalog /Pages 2 0 R >>"),
    Buffer.from(`<< /Type /Pages /Count ${streams.length} /Kids [${kids}] >>`),
    Buffer.from("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"),
    ...streams.flatMap((stream, index) => [
      Buffer.from(
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${5 + 2 * index} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
      ),
      Buffer.concat([
        Buffer.from(`<< ${filter}/Length ${stream.length} >>\nstream\n`),
        stream,
        Buffer.from("\nendstream"),
      ]),
    ]),
    Buffer.from(`<< /Title (${title}) >>`),
  ];
  const parts: Buffer[] = [Buffer.from("%PDF-1.7\n")];
  const offsets: number[] = [];
  for (const [index, object] of objects.entries()) {
    offsets.push(parts.reduce((sum, part) => sum + part.length, 0));
    parts.push(Buffer.from(`${index + 1} 0 obj\n`), object, Buffer.from("\nendobj\n"));
  }
  const start = parts.reduce((sum, part) => sum + part.length, 0);
  const rows = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  parts.push(
    Buffer.from(
      `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info ${objects.length} 0 R >>\nstartxref\n${start}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}
