// How far a request got, as the connection tells it and not as an error is named: what failed before its head was
// handed to a connection that stood has never left this machine, and nobody can bill it. Node's fetch tells on
// its diagnostics channels when it makes a request and when it writes one. Where it does not (HTTP/2, another
// fetch), everything counts as sent.

import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";

const travelling = new AsyncLocalStorage<Journey>();
const ofRequest = new WeakMap<object, Journey>();

/** Responses came of which nobody heard that their request was sent: then no silence proves anything. */
let isDeaf = false;

/** That a request never left, that it may have left, that a success answered it. */
export type Reached = "nothing" | "sent" | "stream";

export class Journey {
  #reached: Reached = "nothing";

  /** Whatever is fetched meanwhile belongs to this journey. */
  async travel<T>(work: () => Promise<T>): Promise<T> {
    return await travelling.run(this, work);
  }

  left(): void {
    if (this.#reached === "nothing") this.#reached = "sent";
  }

  answered(): void {
    if (this.#reached === "nothing") isDeaf = true;
    this.#reached = "stream";
  }

  /** `nothing` only where none of it can have reached anybody. */
  get reached(): Reached {
    return this.#reached === "nothing" && isDeaf ? "sent" : this.#reached;
  }
}

subscribe("undici:request:create", (message) => {
  const journey = travelling.getStore();
  const request = fieldOf(message, "request");
  if (journey !== undefined && request !== null) ofRequest.set(request, journey);
});

subscribe("undici:client:sendHeaders", (message) => {
  const request = fieldOf(message, "request");
  if (request !== null) ofRequest.get(request)?.left();
});

subscribe("undici:client:connected", (message) => {
  const socket = fieldOf(message, "socket");
  if (socket !== null && "alpnProtocol" in socket && socket.alpnProtocol === "h2") isDeaf = true;
});

function fieldOf(message: unknown, name: string): object | null {
  if (typeof message !== "object" || message === null) return null;
  const value: unknown = Reflect.get(message, name);
  return typeof value === "object" && value !== null ? value : null;
}
