// The local stack prints the address of this page with the token that lets its reader in: `#t=TOKEN/runs/ID`.
// The fragment is never sent; here it is moved to the tab's session storage, out of the address, so that no
// history, bookmark or screenshot has it.

import { storeKey } from "./api.ts";

const WITH_TOKEN = /^#t=([\w-]+)(\/.*)?$/;

/** Before anything reads the address: at the start, and where somebody pastes another one into this tab. */
export function takeTokens(): void {
  take();
  window.addEventListener("hashchange", take);
}

function take(): void {
  const [found, token, route = "/"] = WITH_TOKEN.exec(location.hash) ?? [];
  if (found === undefined || token === undefined) return;
  history.replaceState(null, "", `#${route}`);
  storeKey(token);
}
