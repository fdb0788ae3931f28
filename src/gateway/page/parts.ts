// Small parts that several pages show.

import type { GatewayError } from "./api.ts";
import { words } from "./format.ts";
import { piecesOf, type Piece } from "../../domain/shown-text.ts";
import { html, useMemo, useState, type Child, type VNode } from "./vendor/preact.js";

/** All text that a model, a tool or a caller wrote goes through here: text nodes, never markup. */
export function Text({ text }: { text: string }): Child {
  return useMemo(() => drawn(piecesOf(text)), [text]);
}

export function drawn(pieces: readonly Piece[]): readonly Child[] {
  return pieces.map((piece) =>
    piece.kind === "text"
      ? piece.text
      : html`<span class="hidden-char" title="a hidden character">⟦${piece.name}⟧</span>`,
  );
}

export function Blocks({ blocks }: { blocks: readonly string[] }): VNode {
  return html`<div class="text">
    ${blocks.map(
      (block, index) => html`<div class="block" key=${index}><${Text} text=${block} /></div>`,
    )}
  </div>`;
}

export function StatusPill({
  status,
  outcome,
}: {
  status: string;
  outcome?: string | null;
}): VNode {
  const name = outcome ?? status;
  return html`<span class=${`pill is-${name}`}>${words(name)}</span>`;
}

export function Trouble({ error }: { error: GatewayError | null }): Child {
  if (error === null || error.status === 401) return null;
  const code = error.code === "" || error.code === "AWAY" ? "" : ` ${error.code}`;
  const next = error.next === "" ? "" : ` Next: ${error.next}.`;
  return html`<p class=${`trouble ${error.status === 0 ? "is-away" : ""}`} role="status">
    <${Text} text=${`${error.message}${next}`} /><span class="code">${code}</span>
  </p>`;
}

export function Copyable({ text, label }: { text: string; label: string }): VNode {
  const [said, setSaid] = useState("");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
    } catch {
      setSaid("Select it and copy");
    }
  };
  return html`<button type="button" class="quiet" aria-label=${`Copy ${label}`} onClick=${copy}>
    <span aria-live="polite">${said === "" ? "Copy" : said}</span>
  </button>`;
}

export function Figure({ label, children }: { label: string; children: Child }): VNode {
  return html`<div class="figure">
    <dt>${label}</dt>
    <dd>${children}</dd>
  </div>`;
}

export function valueOf(event: Event): string {
  const { target } = event;
  const isField =
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLInputElement ||
    target instanceof HTMLSelectElement;
  return isField ? target.value : "";
}
