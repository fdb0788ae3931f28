// The arguments of a call, whole. Of thousands of lines those are drawn to which somebody has scrolled, and a
// button at the bottom says how many are still to be read: at zero the end has been seen.

import { marksIn } from "../../domain/shown-text.ts";
import { drawn } from "./parts.ts";
import {
  html,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type Child,
  type VNode,
} from "./vendor/preact.js";

interface ArgumentsProps {
  readonly lines: readonly string[];
  readonly onEnd: () => void;
}

const LINES_AT_ONCE = 400;
const NEAR_END_PX = 800;
/** Of a pixel there may be parts. */
const AT_END_PX = 2;
const SCREEN_SHARE = 0.9;

export function Arguments({ lines, onEnd }: ArgumentsProps): VNode {
  const box = useRef<HTMLElement | null>(null);
  const [count, setCount] = useState(LINES_AT_ONCE);
  const [more, setMore] = useState(lines.length);
  const rows = useMemo(() => lines.slice(0, count).map(row), [lines, count]);
  const look = (): void => {
    // What is not laid out has been seen by nobody.
    if (box.current === null || box.current.clientHeight === 0) return;
    const { scrollHeight, scrollTop, clientHeight } = box.current;
    const belowPx = scrollHeight - scrollTop - clientHeight;
    const below = belowPx <= AT_END_PX ? 0 : Math.ceil((belowPx / scrollHeight) * rows.length);
    const left = lines.length - rows.length + below;
    setMore(left);
    if (belowPx < NEAR_END_PX && rows.length < lines.length) setCount(count + LINES_AT_ONCE);
    else if (left === 0) onEnd();
  };
  useLayoutEffect(() => {
    look();
    const watching = new ResizeObserver(look);
    if (box.current !== null) watching.observe(box.current);
    return () => watching.disconnect();
  }, [rows]);
  const goOn = (): void => {
    const element = box.current;
    element?.scrollBy({ top: element.clientHeight * SCREEN_SHARE });
    element?.focus();
  };
  return html`<div class="arguments-frame">
    <div
      class="arguments mono"
      tabindex="0"
      role="region"
      aria-label="Arguments"
      ref=${box}
      onScroll=${look}
    >
      ${rows}
    </div>
    ${
      more > 0 &&
      html`<button type="button" class="more" onClick=${goOn}>
        ${more} more ${more === 1 ? "line" : "lines"} ↓
      </button>`
    }
  </div>`;
}

/** What is too long for the box goes on right of its margin, which is drawn beside all of it. */
function row(line: string, index: number): Child {
  const [, indent = "", margin = "", rest = ""] = /^( *)([│+┆-] )?(.*)$/s.exec(line) ?? [];
  const text = html`<span class=${margin === "" ? "" : "quoted"}
    >${drawn(marksIn(rest))}${"\n"}</span
  >`;
  return html`<div class="line" key=${index}><span>${indent}${margin}</span>${text}</div>`;
}
