// Asks for an API key where the gateway wants one. It is kept for this tab alone.

import { storedKey, storeKey } from "./api.ts";
import { useTitle } from "./hooks.ts";
import { html, useRef, type VNode } from "./vendor/preact.js";

export function KeyPrompt(): VNode {
  useTitle("Key needed");
  const field = useRef<HTMLInputElement | null>(null);
  const isWrong = storedKey() !== null;
  const entered = (event: Event): void => {
    event.preventDefault();
    const key = field.current?.value.trim() ?? "";
    if (key !== "") storeKey(key);
  };
  return html`<main id="main" class="narrow">
    <h1 tabindex="-1">${isWrong ? "This key is not accepted" : "An API key is needed"}</h1>
    <p>On your own machine, open what <code>pawl page</code> prints.</p>
    <p>
      Other keys are made with <code>pawl keys create --tenant NAME</code>. The key stays in this
      tab and is forgotten when the tab closes.
    </p>
    <form class="key-form" onSubmit=${entered}>
      <label class="field">
        API key
        <input
          ref=${field}
          type="password"
          class="mono"
          placeholder="pawl_…"
          autocomplete="off"
          autofocus
          required
          aria-describedby=${isWrong ? "key-wrong" : undefined}
        />
      </label>
      <button type="submit" class="primary">Use this key</button>
    </form>
    ${isWrong && html`<p id="key-wrong" class="trouble" role="alert">It is unknown, expired or revoked.</p>`}
  </main>`;
}
