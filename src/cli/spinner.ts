// The turning sign of life in a terminal, with a countdown where it is known when things go on.

import yoctoSpinner from "yocto-spinner";
import type { Spinner } from "./terminal.ts";

const SECOND_MS = 1000;

export function createSpinner(stream: NodeJS.WriteStream): Spinner {
  // Signals are the command's business: Ctrl-C detaches.
  const spinner = yoctoSpinner({ stream, handleSignals: false });
  let ticking: NodeJS.Timeout | null = null;

  function stop(): void {
    if (ticking !== null) clearInterval(ticking);
    ticking = null;
    if (spinner.isSpinning) spinner.stop();
  }

  return {
    stop,
    start(text, untilMs) {
      stop();
      const show = (): string => {
        const secondsLeft = untilMs === null ? 0 : Math.ceil((untilMs - Date.now()) / SECOND_MS);
        return secondsLeft > 0 ? `${text} in ${secondsLeft} s` : text;
      };
      spinner.start(show());
      if (untilMs === null) return;
      ticking = setInterval(() => {
        spinner.text = show();
      }, SECOND_MS);
      ticking.unref();
    },
  };
}

/** Where nothing may turn. */
export const STILL: Spinner = { start: () => {}, stop: () => {} };
