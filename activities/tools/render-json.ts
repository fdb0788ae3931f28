// Any value as JSON text, whatever it is: circular, a million levels deep, of endless length, full of
// things that JSON can't say. Depth and length are bounded here, by our own walk: JSON.stringify
// overflows the stack on the first and the memory on the second. The text is valid JSON unless it is
// longer than `charsMax`.

const DEPTH_MAX = 100;
const BIGINT_MAX = 10n ** 1000n;

export function renderJson(value: unknown, charsMax: number): string {
  const writer = new JsonWriter(charsMax);
  writer.write(value);
  return writer.text;
}

class JsonWriter {
  text = "";
  readonly #charsMax: number;
  /** The containers we are inside of; meeting one again is a circle. */
  readonly #open = new Set<object>();

  constructor(charsMax: number) {
    this.#charsMax = charsMax;
  }

  write(value: unknown): void {
    switch (typeof value) {
      case "string":
        this.#writeString(value);
        break;
      case "number":
        this.text += Number.isFinite(value) ? String(value) : `"${value}"`;
        break;
      case "bigint":
        this.text += bigintText(value);
        break;
      case "boolean":
        this.text += String(value);
        break;
      case "object":
        if (value === null) this.text += "null";
        else this.#writeGuarded(value);
        break;
      case "undefined":
        this.text += "null";
        break;
      case "function":
      case "symbol":
        this.text += `"[${typeof value}]"`;
        break;
    }
  }

  get #isFull(): boolean {
    return this.text.length > this.#charsMax;
  }

  #writeString(value: string): void {
    // One character more than there is room for: the cut shows in the length of the text.
    const room = Math.max(0, this.#charsMax - this.text.length) + 1;
    this.text += JSON.stringify(value.length > room ? value.slice(0, room) : value);
  }

  /** Getters, proxies and `toJSON` are foreign code; their errors cost one value and not the whole answer. */
  #writeGuarded(value: object): void {
    if (this.#open.has(value)) return this.#writeString("[circular]");
    if (this.#open.size >= DEPTH_MAX) return this.#writeString(`[deeper than ${DEPTH_MAX} levels]`);
    const start = this.text.length;
    this.#open.add(value);
    try {
      this.#writeObject(value);
    } catch (error) {
      this.text = this.text.slice(0, start);
      this.#writeString(`[unreadable: ${reasonIn(error)}]`);
    } finally {
      this.#open.delete(value);
    }
  }

  #writeObject(value: object): void {
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      this.#writeString(`[binary data, ${value.byteLength} bytes]`);
    } else if (value instanceof Error) {
      this.write({ name: value.name, message: value.message });
    } else if ("toJSON" in value && typeof value.toJSON === "function") {
      this.write(value.toJSON());
    } else if (value instanceof Map) {
      this.#writeArray(value.entries());
    } else if (Array.isArray(value) || value instanceof Set) {
      this.#writeArray(value.values());
    } else {
      this.#writeRecord(value);
    }
  }

  #writeArray(items: Iterable<unknown>): void {
    let separator = "[";
    for (const item of items) {
      if (this.#isFull) break;
      this.text += separator;
      this.write(item);
      separator = ",";
    }
    this.text += separator === "[" ? "[]" : "]";
  }

  #writeRecord(record: object): void {
    let separator = "{";
    for (const [key, value] of ownEntries(record)) {
      if (this.#isFull) break;
      if (value === undefined || typeof value === "function" || typeof value === "symbol") continue;
      this.text += separator;
      this.#writeString(key);
      this.text += ":";
      this.write(value);
      separator = ",";
    }
    this.text += separator === "{" ? "{}" : "}";
  }
}

/** What a trap throws may be a trap. */
function reasonIn(error: unknown): string {
  try {
    const message: unknown = error instanceof Error ? error.message : null;
    return typeof message === "string" ? message : "error";
  } catch {
    return "error";
  }
}

/** One at a time: the values of a large record are not all wanted. */
function* ownEntries(record: object): Generator<readonly [string, unknown]> {
  for (const key of Object.keys(record)) yield [key, Reflect.get(record, key)];
}

/** Turning a number of a million digits into text takes minutes. */
function bigintText(value: bigint): string {
  const isShort = value < BIGINT_MAX && value > -BIGINT_MAX;
  return isShort ? String(value) : '"[integer of more than 1000 digits]"';
}
