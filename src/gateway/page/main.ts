// The page's first line: which page is shown, the bar above it, keys that work everywhere.

import { isKeyNeeded, onKeyChange, storedKey, storeKey } from "./api.ts";
import { usePolled, useRoute } from "./hooks.ts";
import { InboxPage, inboxNow } from "./inbox-page.ts";
import { KeyPrompt } from "./key-prompt.ts";
import { later } from "./later.ts";
import { focusOn, moveFocus, SHORTCUTS, useKeys } from "./shortcuts.ts";
import { ListPage } from "./list-page.ts";
import { takeTokens } from "./token-in-address.ts";
import { listHref, type Route } from "./route.ts";
import {
  html,
  render,
  useEffect,
  useErrorBoundary,
  useRef,
  useState,
  type Child,
  type VNode,
} from "./vendor/preact.js";

const INBOX_MS = 4000;

const RunPage = later(async () => (await import("./run-page.ts")).RunPage);

function App(): VNode {
  const route = useRoute();
  const [, setTurn] = useState(0);
  useEffect(() => onKeyChange(() => setTurn((turn) => turn + 1)), []);
  const inbox = usePolled(inboxNow, INBOX_MS, []);
  const help = useRef<HTMLDialogElement | null>(null);
  useKeys({
    j: () => moveFocus("main [data-step], main [data-approve]", 1),
    k: () => moveFocus("main [data-step], main [data-approve]", -1),
    u: () => void (location.hash = listHref({})),
    i: () => void (location.hash = "#/approvals"),
    "?": () => help.current?.showModal(),
  });
  const place = route.kind === "run" ? route.runId : route.kind;
  useFocusOnArrival(place);
  return html`<a
      class="skip"
      href="#main"
      onClick=${(event: Event) => {
        event.preventDefault();
        focusOn("main h1");
      }}
      >Skip to the content</a
    >
    <${Bar}
      at=${route.kind}
      waiting=${inbox.data?.length ?? 0}
      showHelp=${() => help.current?.showModal()}
    />
    ${isKeyNeeded() ? html`<${KeyPrompt} />` : html`<${Page} key=${place} route=${route} inbox=${inbox} />`}
    <${Help} dialog=${help} />`;
}

/** A page that fails to be drawn says so, and leaves the bar and the other pages as they are. */
function Page({ route, inbox }: { route: Route; inbox: unknown }): Child {
  const [error, again] = useErrorBoundary();
  if (error !== undefined) {
    return html`<main id="main" class="narrow">
      <h1 tabindex="-1">This page failed</h1>
      <p class="trouble" role="alert">
        ${error instanceof Error ? error.message : "Its script threw something."}
      </p>
      <button type="button" onClick=${again}>Try again</button>
    </main>`;
  }
  switch (route.kind) {
    case "list":
      return html`<${ListPage} filters=${route.filters} />`;
    case "run":
      return html`<${RunPage} key=${route.runId} runId=${route.runId} />`;
    case "approvals":
      return html`<${InboxPage} inbox=${inbox} />`;
  }
}

/** Who uses a keyboard or listens must learn that another page is there. */
function useFocusOnArrival(place: string): void {
  const last = useRef(place);
  useEffect(() => {
    if (last.current === place) return;
    last.current = place;
    window.scrollTo(0, 0);
    if (focusOnHeading()) return;
    const watch = new MutationObserver(() => void (focusOnHeading() && watch.disconnect()));
    watch.observe(document.body, { childList: true, subtree: true });
    return () => watch.disconnect();
  }, [place]);
}

/** False where the code of the page is still on its way. */
function focusOnHeading(): boolean {
  const heading = document.querySelector<HTMLElement>("main h1");
  heading?.focus({ preventScroll: true });
  return heading !== null;
}

interface BarProps {
  readonly at: string;
  readonly waiting: number;
  readonly showHelp: () => void;
}

function Bar({ at, waiting, showHelp }: BarProps): VNode {
  const current = (kind: string): string | undefined => (at === kind ? "page" : undefined);
  return html`<header class="bar">
    <a class="brand" href="#/">
      <svg viewBox="0 0 32 32" width="20" height="20" aria-hidden="true">
        <path stroke="none" d="M2 29V19L11 29V19L20 29V19L30 29Z" />
        <path stroke-width="4" stroke-linecap="round" d="M6 5L18 13" />
      </svg>
      Pawl
    </a>
    <nav aria-label="Pages">
      <a href="#/" aria-current=${current("list")}>Runs</a>
      <a href="#/approvals" aria-current=${current("approvals")}>
        Approvals${waiting > 0 && html`${" "}<b class="badge">${waiting}</b>`}
      </a>
    </nav>
    <span class="bar-end">
      ${
        storedKey() !== null &&
        html`<button type="button" class="quiet" onClick=${() => storeKey(null)}>
          Forget key
        </button>`
      }
      <button type="button" class="quiet" aria-label="Keyboard shortcuts" onClick=${showHelp}>
        ?
      </button>
    </span>
  </header>`;
}

function Help({ dialog }: { dialog: { current: HTMLDialogElement | null } }): VNode {
  return html`<dialog ref=${dialog} aria-labelledby="help-title">
    <form method="dialog" onSubmit=${closed}>
      <h2 id="help-title">Keys</h2>
      <dl class="shortcuts">
        ${SHORTCUTS.map(
          ([keys, what]) =>
            html`<div>
              <dt><kbd>${keys}</kbd></dt>
              <dd>${what}</dd>
            </div>`,
        )}
      </dl>
      <button type="submit" autofocus>Close</button>
    </form>
  </dialog>`;
}

/** The policy of the page forbids forms to submit, those of dialogs too in some browsers. */
function closed(event: Event): void {
  event.preventDefault();
  if (event.target instanceof Element) event.target.closest("dialog")?.close();
}

takeTokens();
const root = document.getElementById("app");
root?.replaceChildren();
if (root !== null) render(html`<${App} />`, root);
