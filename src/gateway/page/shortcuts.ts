// One key, one deed, the same on every page; never while somebody types or holds a modifier.

import { useEffect } from "./vendor/preact.js";

/** What a key does on the page that is shown; a page's own keys come before the shared ones. */
export type KeyMap = Readonly<Record<string, () => void>>;

export function useKeys(keys: KeyMap): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (isTyping(event.target) || document.querySelector("dialog[open]") !== null) return;
      const deed = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
      if (deed === undefined) return;
      event.preventDefault();
      deed();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select") !== null;
}

/** Moves the focus among all that match, in the order of the page, from where it is. */
export function moveFocus(selector: string, step: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>(selector)];
  if (all.length === 0) return;
  const current = document.activeElement;
  const at = all.findIndex((element) => element === current || element.contains(current));
  const before = at < 0 && step < 0 ? all.length : at;
  const next = Math.min(Math.max(before + step, 0), all.length - 1);
  all[next]?.focus();
  all[next]?.scrollIntoView({ block: "nearest" });
}

export function focusOn(selector: string): void {
  const element = document.querySelector<HTMLElement>(selector);
  element?.focus();
  element?.scrollIntoView({ block: "nearest" });
}

export const SHORTCUTS: readonly (readonly [string, string])[] = [
  ["j / k", "next, previous run, turn or approval"],
  ["Enter", "open the run that has the focus"],
  ["u", "back to the list of runs"],
  ["i", "approvals that wait"],
  ["/", "filter the list"],
  ["a", "to the approval that waits (Enter then approves, once its end was seen)"],
  ["m", "write to the run"],
  ["p", "pause or resume the run"],
  ["f", "to the newest text, and follow it"],
  ["?", "this list"],
];
