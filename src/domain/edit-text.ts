// One place of a text is put in place of another, where it can be only one. What ends a line is no part of what is
// looked for: a model that reads `\n` finds what the file has as CRLF, and what it writes gets the same ends.

export type Edited =
  | { readonly kind: "edited"; readonly text: string; readonly line: number }
  /** `near`: lines that hold the first line of what was looked for. */
  | { readonly kind: "absent"; readonly near: readonly number[] }
  | { readonly kind: "ambiguous"; readonly lines: readonly number[]; readonly isMore: boolean };

interface Change {
  readonly find: string;
  readonly replace: string;
}

const PLACES_MAX = 20;
const NEAR_MAX = 3;

export function editText(text: string, { find, replace }: Change): Edited {
  const plain = withoutCr(text);
  const wanted = withoutCr(find);
  const places = placesOf(plain, wanted, PLACES_MAX + 1);
  const [place] = places;
  if (place === undefined) return { kind: "absent", near: nearTo(plain, wanted) };
  if (places.length > 1) {
    const lines = linesAt(plain, places.slice(0, PLACES_MAX));
    return { kind: "ambiguous", lines, isMore: places.length > PLACES_MAX };
  }
  const [from = 0, to = 0] = placesIn(text, [place, place + wanted.length]);
  const hasCr = endsWithCr(text.slice(from, to)) ?? endsWithCr(text) ?? false;
  const put = hasCr ? replace.replaceAll(/(?<!\r)\n/g, "\r\n") : replace;
  const [line = 1] = linesAt(plain, [place]);
  return { kind: "edited", text: text.slice(0, from) + put + text.slice(to), line };
}

/** Whether such an edit can't have been made: what it looks for is still there, as it was. */
export function isStillToDo(text: string, { find, replace }: Change): boolean {
  const plain = withoutCr(text);
  const [wanted, put] = [withoutCr(find), withoutCr(replace)];
  if (placesOf(plain, wanted, 2).length !== 1) return false;
  return !put.includes(wanted) || !plain.includes(put);
}

function withoutCr(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

/** Those that overlap, too: of "aa" there are two in "aaa". */
function placesOf(text: string, wanted: string, most: number): readonly number[] {
  const places: number[] = [];
  for (
    let at = text.indexOf(wanted);
    at !== -1 && places.length < most;
    at = text.indexOf(wanted, at + 1)
  ) {
    places.push(at);
  }
  return places;
}

/** From places in the text without CRs to those in the text itself. */
function placesIn(text: string, plainPlaces: readonly number[]): readonly number[] {
  const places: number[] = [];
  let removed = 0;
  let cr = text.indexOf("\r\n");
  for (const place of plainPlaces) {
    while (cr !== -1 && cr - removed < place) {
      removed += 1;
      cr = text.indexOf("\r\n", cr + 2);
    }
    places.push(place + removed);
  }
  return places;
}

/** Null of a text without an end of a line; else what most of its lines end with. */
function endsWithCr(text: string): boolean | null {
  const ends = text.split("\n").length - 1;
  return ends === 0 ? null : 2 * (text.split("\r\n").length - 1) > ends;
}

function linesAt(text: string, places: readonly number[]): readonly number[] {
  let line = 1;
  let from = 0;
  return places.map((place) => {
    for (
      let at = text.indexOf("\n", from);
      at !== -1 && at < place;
      at = text.indexOf("\n", at + 1)
    ) {
      line += 1;
    }
    from = place;
    return line;
  });
}

function nearTo(text: string, wanted: string): readonly number[] {
  const first = wanted
    .split("\n")
    .map((line) => line.trim())
    .find((line) => line !== "");
  return first === undefined ? [] : [...new Set(linesAt(text, placesOf(text, first, NEAR_MAX)))];
}
