// What models are called by those who answer for them. A name comes from outside with each reply: it is shown,
// stored and counted by, so one that is none is not taken over; and one model has several.

const CHARS_MAX = 128;
const NAME = /^[a-z0-9][\w.:@/-]*$/i;

export function isModelName(name: string): boolean {
  return name.length <= CHARS_MAX && NAME.test(name) && !(name in Object.prototype);
}

/** True where it is only written in another way: a dated snapshot, an alias, the name at a reseller. */
export function isSameModel(one: string, other: string): boolean {
  return one === other || bareName(one) === bareName(other);
}

function bareName(name: string): string {
  return name
    .toLowerCase()
    .replace(/^.*\//, "")
    .replace(/^(?:[a-z]+\.)?anthropic\./, "")
    .replace(/(?:-v\d+)?(?::[\w-]+)?$/, "")
    .replace(/[-@](?:\d{8}|latest|default)$/, "")
    .replaceAll(".", "-");
}
