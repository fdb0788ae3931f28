// From the bytes of a page or a PDF to text: of a page its main content, as Markdown. What is read is a stranger's and
// may be made to take for ever, so this runs in a process of its own (reader-main.ts).

import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";
import { parse, serialize } from "parse5";
import TurndownService from "turndown";
import { extractText, getDocumentProxy, getMeta } from "unpdf";

export interface RawPage {
  readonly kind: "html" | "pdf";
  readonly url: string;
  /** As the server names it; null where it names none. */
  readonly charset: string | null;
}

export interface PageText {
  readonly title: string | null;
  readonly text: string;
  /** Of a PDF. */
  readonly pages?: number;
}

export async function pageText(page: RawPage, bytes: Uint8Array): Promise<PageText> {
  return page.kind === "pdf" ? await pdfText(bytes) : htmlText(page, bytes);
}

async function pdfText(bytes: Uint8Array): Promise<PageText> {
  const pdf = await getDocumentProxy(bytes);
  const { text, totalPages } = await extractText(pdf, { mergePages: false });
  const { info } = await getMeta(pdf);
  const title: unknown = info["Title"];
  const numbered = text.map((page, index) => `[page ${index + 1}]\n${page.trim()}`);
  return {
    title: typeof title === "string" && title.trim() !== "" ? title.trim() : null,
    text: numbered.join("\n\n"),
    pages: totalPages,
  };
}

function htmlText({ url, charset }: RawPage, bytes: Uint8Array): PageText {
  const html = decoderFor(charset ?? charsetIn(bytes)).decode(bytes);
  // Pages leave tags out, which parse5 puts in as browsers do, and the small DOM does not.
  const { document } = parseHTML(serialize(parse(html)));
  const base = baseOf(document.querySelector("base")?.getAttribute("href"), url);
  for (const link of document.querySelectorAll("a[href]"))
    link.setAttribute("href", resolved(link.getAttribute("href") ?? "", base));
  // Bytes of pictures are nothing to read.
  for (const picture of document.querySelectorAll("img, picture, svg, canvas, video, audio"))
    picture.remove();
  const title = document.title.trim();
  const whole = document.body?.innerHTML ?? html;
  const article = new Readability(document, { charThreshold: 200 }).parse();
  const text = markdown(article?.content ?? whole);
  return { title: article?.title?.trim() || title || null, text };
}

function markdown(html: string): string {
  const service = new TurndownService({
    headingStyle: "atx",
    codeBlockStyle: "fenced",
    bulletListMarker: "-",
    hr: "---",
  });
  service.remove(["script", "style", "noscript", "template", "iframe", "object", "form"]);
  return service
    .turndown(html)
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
}

function baseOf(href: string | null | undefined, url: string): string {
  return href && URL.canParse(href, url) ? new URL(href, url).href : url;
}

/** Nothing but places on the web: what else a link may say does something. */
function resolved(href: string, base: string): string {
  if (!URL.canParse(href, base)) return "";
  const url = new URL(href, base);
  return /^(https?|mailto):$/.test(url.protocol) ? url.href : "";
}

const SNIFFED_BYTES = 1024;

function charsetIn(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, SNIFFED_BYTES)).toString("latin1");
  return /<meta[^>]+charset\s*=\s*["']?\s*([\w-]+)/i.exec(head)?.[1] ?? "utf-8";
}

function decoderFor(charset: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}
