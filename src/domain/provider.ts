// Who answers a run: the real API or the offline model, and where. It is pinned when the run begins and said of
// each reply, so that no worker with another provider goes on with the run in silence.
//
//   P4. A run that began with the real API is never answered by the offline model, nor the other way round.
//   P5. A run is answered at the base URL at which it began, or at one whose operator says that it was that
//       (PAWL_FORMER_BASE_URLS). The offline model has no such place: any is as good as another.
//   P6. The key may be another: keys are rotated, and no run may be stranded by it. Its fingerprint is told.

export interface Provider {
  readonly isOffline: boolean;
  /** Without a slash at its end; null where nobody knows it: a worker that calls no models need not. */
  readonly baseUrl: string | null;
  /** One-way and short: it tells keys apart, and nothing of them. Null where there is none at hand. */
  readonly keyFingerprint: string | null;
}

/** What a worker says of itself. */
export interface OwnProvider extends Provider {
  /** Runs that began at one of these are at home here too. */
  readonly formerBaseUrls: readonly string[];
}

export const API_URL = "https://api.anthropic.com";

/** As people read it. */
export const OFFLINE_MODEL = "the offline model";

const ANTHROPIC = /^https:\/\/(?:[\w-]+\.)*anthropic\.com(?::443)?(?:\/|$)/i;

/** False of servers of others, which speak the same API and lack much of it. */
export function isAnthropicApi(baseUrl: string | undefined): boolean {
  return ANTHROPIC.test(baseUrlOf(baseUrl));
}

interface Credentials {
  readonly apiKey?: string | undefined;
  readonly authToken?: string | undefined;
  readonly baseUrl?: string | undefined;
}

/** Servers that ask for no key take any; the API's client sends none without one. */
const NO_KEY = "none";

/** What a request carries; undefined where the API of Anthropic is asked, and there is nothing to show it. */
export function keyFor({ apiKey, authToken, baseUrl }: Credentials): string | undefined {
  return apiKey ?? authToken ?? (isAnthropicApi(baseUrl) ? undefined : NO_KEY);
}

/** As runs ask: for those who only look whether somebody answers. */
export function askedAs(key: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${key}`, "anthropic-version": API_VERSION };
}

const API_VERSION = "2026-10-21";

export function baseUrlOf(url: string | undefined): string {
  return (url ?? API_URL).replace(/\/+$/, "");
}

/** Why this worker may not answer a run that began with `pinned`; null where it may. */
export function providerDiffers(pinned: Provider, own: OwnProvider): string | null {
  if (pinned.isOffline !== own.isOffline) return told(pinned, own);
  if (pinned.isOffline || pinned.baseUrl === null || own.baseUrl === null) return null;
  return [own.baseUrl, ...own.formerBaseUrls].includes(pinned.baseUrl) ? null : told(pinned, own);
}

export function providerText({ isOffline, baseUrl, keyFingerprint }: Provider): string {
  if (isOffline) return OFFLINE_MODEL;
  const key = keyFingerprint === null ? "" : ` (key #${keyFingerprint})`;
  return `${baseUrl ?? "the real API"}${key}`;
}

function told(pinned: Provider, own: Provider): string {
  const began = providerText({ ...pinned, keyFingerprint: null });
  const asks = providerText({ ...own, keyFingerprint: null });
  return `PROVIDER_DIFFERS: the run began with ${began}, and this worker asks ${asks}; it waits for one that fits`;
}
