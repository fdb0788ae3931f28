// A component whose code is loaded when it is first shown: who looks at the list does not wait for what shows a run.

import { away, type GatewayError } from "./api.ts";
import { Trouble } from "./parts.ts";
import { html, useEffect, useState, type Child, type VNode } from "./vendor/preact.js";

type View<Props> = (props: Props) => VNode;

export function later<Props extends object>(
  load: () => Promise<View<Props>>,
): (props: Props) => Child {
  let loaded: View<Props> | null = null;
  const once = async (): Promise<{ readonly view: View<Props> }> => {
    loaded = await load();
    return { view: loaded };
  };
  return function Later(props: Props): Child {
    const [shown, setShown] = useState<{ readonly view: View<Props> | null }>({ view: loaded });
    const [error, setError] = useState<GatewayError | null>(null);
    useEffect(() => {
      if (loaded !== null) return;
      void once().then(setShown, (caught: unknown) => setError(away(caught)));
    }, []);
    const { view } = shown;
    return view === null ? html`<${Trouble} error=${error} />` : html`<${view} ...${props} />`;
  };
}
