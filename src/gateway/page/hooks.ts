// What the components share of time: asking again and again, the clock, the address.

import { GatewayError, away, isKeyNeeded, onKeyChange } from "./api.ts";
import { parseRoute, type Route } from "./route.ts";
import { useEffect, useMemo, useRef, useState } from "./vendor/preact.js";

export interface Polled<Data> {
  readonly data: Data | null;
  readonly error: GatewayError | null;
  /** Asks now, and resolves when the answer is there. */
  readonly reload: () => Promise<void>;
}

const FAILED_MAX_MS = 10_000;

/** Asks at once and then every `everyMs`; keeps the last answer while there is no new one. */
export function usePolled<Data>(
  ask: () => Promise<Data>,
  everyMs: number,
  inputs: readonly unknown[],
): Polled<Data> {
  const [state, setState] = useState<{ data: Data | null; error: GatewayError | null }>({
    data: null,
    error: null,
  });
  const now = useRef<() => Promise<void>>(async () => {});

  useEffect(() => {
    let isLeft = false;
    let failures = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const askOnce = async (): Promise<void> => {
      clearTimeout(timer);
      try {
        const data = await ask();
        failures = 0;
        if (!isLeft) setState({ data, error: null });
      } catch (error) {
        failures += 1;
        const told = error instanceof GatewayError ? error : away(error);
        if (!isLeft) setState(({ data }) => ({ data, error: told }));
      }
      clearTimeout(timer);
      const pauseMs = failures === 0 ? everyMs : Math.min(everyMs * (1 + failures), FAILED_MAX_MS);
      if (!isLeft && pauseMs !== Infinity) timer = setTimeout(tick, pauseMs);
    };
    // A page in the background asks nothing; it asks at once when it is looked at again.
    const tick = (): void => {
      if (document.hidden || isKeyNeeded()) timer = setTimeout(tick, everyMs);
      else void askOnce();
    };
    const seen = (): void => {
      if (!document.hidden) void askOnce();
    };
    now.current = askOnce;
    void askOnce();
    document.addEventListener("visibilitychange", seen);
    const forget = onKeyChange(() => {
      if (!isKeyNeeded()) void askOnce();
    });
    return () => {
      isLeft = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
      forget();
    };
  }, inputs);

  return { ...state, reload: () => now.current() };
}

/** The time, as often as somebody needs it; `null` stops the clock. */
export function useNow(everyMs: number | null): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    if (everyMs === null) return;
    const timer = setInterval(() => setNowMs(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return nowMs;
}

export function useRoute(): Route {
  const [hash, setHash] = useState(() => location.hash);
  useEffect(() => {
    const changed = (): void => setHash(location.hash);
    window.addEventListener("hashchange", changed);
    return () => window.removeEventListener("hashchange", changed);
  }, []);
  return parseRoute(hash);
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === "" ? "Pawl" : `${title} · Pawl`;
  }, [title]);
}

/** Whether there is room for two columns; the same width is in run.css. */
export function useWide(): boolean {
  const query = useMemo(() => matchMedia("(min-width: 961px)"), []);
  const [isWide, setIsWide] = useState(query.matches);
  useEffect(() => {
    const changed = (): void => setIsWide(query.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, []);
  return isWide;
}

/** True for some time after it was called. */
export function useHurry(forMs: number): [boolean, () => void] {
  const [calls, setCalls] = useState(0);
  const [isOver, setIsOver] = useState(true);
  useEffect(() => {
    if (calls === 0) return;
    setIsOver(false);
    const timer = setTimeout(() => setIsOver(true), forMs);
    return () => clearTimeout(timer);
  }, [calls]);
  return [!isOver, () => setCalls((before) => before + 1)];
}
