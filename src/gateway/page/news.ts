// Tells people who listen what happened, at most every two seconds, and only the newest.

import { html, useEffect, useRef, useState, type VNode } from "./vendor/preact.js";

const PAUSE_MS = 2000;

export function News({ text }: { text: string }): VNode {
  const [said, setSaid] = useState("");
  const newest = useRef(text);
  newest.current = text;
  useEffect(() => {
    const timer = setInterval(() => setSaid(newest.current), PAUSE_MS);
    return () => clearInterval(timer);
  }, []);
  return html`<p class="sr-only" role="status" aria-live="polite">${said}</p>`;
}
