// Checks of a page as it stands: names, labels, landmarks, headings, contrast. Run inside the browser.

import type { Page } from "playwright-core";

/** What is wrong with the page, in words; empty where nothing was found. */
export async function accessibilityFaults(page: Page): Promise<readonly string[]> {
  return await page.evaluate<string[]>(`(${CHECK})()`);
}

/** WCAG 2.2 AA: 4.5 to 1 for text. A script as text, because the tests know no DOM. */
const CHECK = String.raw`() => {
  const faults = [];
  const shown = (element) => element.checkVisibility({ visibilityProperty: true });
  const where = (element) => element.tagName.toLowerCase() + "." + element.className + " " +
    (element.textContent || "").trim().slice(0, 40);
  const nameOf = (element) => {
    const labelled = element.getAttribute("aria-labelledby");
    if (labelled) return document.getElementById(labelled)?.textContent ?? "";
    const label = element.labels?.[0]?.textContent ?? "";
    return (element.getAttribute("aria-label") ?? label + (element.textContent ?? "")).trim();
  };
  if (document.documentElement.lang === "") faults.push("the document has no language");
  if (document.querySelectorAll("main").length !== 1) faults.push("there is not one main landmark");
  if (document.querySelectorAll("h1").length !== 1) faults.push("there is not one h1");
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push("id twice: " + id);
  for (const element of document.querySelectorAll("button, a[href], input, select, textarea, [role=meter], [role=img], nav, aside, dialog")) {
    if (shown(element) && nameOf(element) === "") faults.push("no name: " + where(element));
  }
  for (const element of document.querySelectorAll("[tabindex]")) {
    if (element.tabIndex > 0) faults.push("positive tabindex: " + where(element));
  }
  let level = 0;
  for (const heading of document.querySelectorAll("main h1, main h2, main h3, main h4")) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) faults.push("heading skips a level: " + where(heading));
    level = next;
  }
  const parse = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => {
    const linear = [r, g, b].map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const backgroundOf = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() === "" || !shown(element) || element.closest(".sr-only, :disabled, svg")) continue;
    const text = luminance(parse(getComputedStyle(element).color));
    const behind = luminance(backgroundOf(element));
    const ratio = (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05);
    if (ratio < 4.5) faults.push("contrast " + ratio.toFixed(2) + ": " + where(element));
  }
  return [...new Set(faults)];
}`;
