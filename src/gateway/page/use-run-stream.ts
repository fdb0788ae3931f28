// The run as its events tell it, drawn at most once a frame however fast they come.

import { onKeyChange, isKeyNeeded } from "./api.ts";
import { followRun, type StreamState } from "./follow-run.ts";
import { RunModel } from "./run-model.ts";
import { useEffect, useRef, useState } from "./vendor/preact.js";

export interface RunStream {
  readonly model: RunModel;
  readonly state: StreamState;
  /** Grows with each redraw. */
  readonly frame: number;
}

export function useRunStream(runId: string): RunStream {
  const model = useRef(new RunModel());
  const [state, setState] = useState<StreamState>({ kind: "connecting" });
  const [frame, setFrame] = useState(0);

  useEffect(() => {
    let isAsked = false;
    let stop = (): void => {};
    const redraw = (): void => {
      if (isAsked) return;
      isAsked = true;
      nextFrame(() => {
        isAsked = false;
        setFrame((before) => before + 1);
      });
    };
    const begin = (): void => {
      stop();
      model.current = new RunModel();
      redraw();
      stop = followRun({
        runId,
        onState: setState,
        onEvent: (event) => {
          model.current.apply(event);
          redraw();
        },
        onRestart: () => {
          model.current = new RunModel();
        },
      });
    };
    begin();
    const forget = onKeyChange(() => {
      if (!isKeyNeeded()) begin();
    });
    return () => {
      forget();
      stop();
    };
  }, [runId]);

  return { model: model.current, state, frame };
}

/** A tab in the background is given no frames; it is drawn now and then. */
function nextFrame(draw: () => void): void {
  if (document.hidden) setTimeout(draw, 500);
  else requestAnimationFrame(draw);
}
