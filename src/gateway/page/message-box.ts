// A word to a run in flight. A message that could not be sent keeps its text and its id, so sending
// it again is the same message.

import { api, GatewayError, away } from "./api.ts";
import { Trouble, valueOf } from "./parts.ts";
import type { Item } from "./run-items.ts";
import { html, useRef, useState, type VNode } from "./vendor/preact.js";

const BYTES_MAX = 32 * 1024;

interface Sent {
  readonly messageId: string;
  readonly text: string;
}

type Mode = "queue" | "interrupt";

interface Outbox {
  readonly text: string;
  readonly sent: readonly Sent[];
  readonly error: GatewayError | null;
  readonly isBusy: boolean;
  readonly write: (text: string) => void;
  readonly send: (mode: Mode) => Promise<void>;
}

function useOutbox(runId: string): Outbox {
  const [text, setText] = useState("");
  const [sent, setSent] = useState<readonly Sent[]>([]);
  const [error, setError] = useState<GatewayError | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const messageId = useRef(newId());

  const send = async (mode: Mode): Promise<void> => {
    const said = text.trim();
    if (said === "" || isBusy) return;
    setIsBusy(true);
    setError(null);
    try {
      checkSize(said);
      await api.say(runId, { text: said, mode, messageId: messageId.current });
      setSent([...sent, { messageId: messageId.current, text: said }]);
      setText("");
      messageId.current = newId();
    } catch (caught) {
      setError(caught instanceof GatewayError ? caught : away(caught));
    }
    setIsBusy(false);
  };
  return { text, sent, error, isBusy, write: setText, send };
}

export function MessageBox({ runId, items }: { runId: string; items: readonly Item[] }): VNode {
  const { text, sent, error, isBusy, write, send } = useOutbox(runId);
  const pressed = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && event.target instanceof HTMLElement) event.target.blur();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void send(event.ctrlKey || event.metaKey ? "interrupt" : "queue");
  };
  const heard = new Set(items.map((item) => (item.kind === "message" ? item.messageId : "")));
  const unheard = sent.filter((message) => !heard.has(message.messageId));

  return html`<form
    class="composer"
    aria-label="Write to the run"
    onSubmit=${(event: Event) => event.preventDefault()}
  >
    ${
      unheard.length > 0 &&
      html`<p class="muted" role="status">${unheard.length} sent, not heard yet</p>`
    }
    <${Trouble} error=${error} />
    <div class="composer-row">
      <label class="sr-only" for="message">Message to the run</label>
      <textarea
        id="message"
        rows=${Math.min(6, text.split("\n").length)}
        placeholder="Write to the run: it reads this with its next turn"
        value=${text}
        onInput=${(event: Event) => write(valueOf(event))}
        onKeyDown=${pressed}
      ></textarea>
      <button
        type="button"
        class="primary"
        title="Enter"
        disabled=${isBusy}
        onClick=${() => send("queue")}
      >
        Send
      </button>
      <button
        type="button"
        title="Ctrl+Enter: stops the reply in flight, and keeps what it said"
        disabled=${isBusy}
        onClick=${() => send("interrupt")}
      >
        Interrupt
      </button>
    </div>
  </form>`;
}

function checkSize(text: string): void {
  if (new TextEncoder().encode(text).length <= BYTES_MAX) return;
  throw new GatewayError(413, "", "A message holds at most 32 KiB.", "");
}

/** `crypto.randomUUID` is missing where the page is not served from a secure origin. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `msg_${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
