// What the page uses of htm's standalone build (Preact, its hooks and htm in one file), which the
// gateway serves as /page/vendor/preact.js. htm's own types need a package that nothing else needs.

export interface VNode {
  readonly type: unknown;
  readonly props: unknown;
}

export type Child = VNode | string | number | boolean | null | undefined | readonly Child[];

export function html(strings: TemplateStringsArray, ...values: readonly unknown[]): VNode;
export function render(tree: VNode, parent: Element): void;

export class Component<Props> {
  constructor(props: Props);
  readonly props: Props;
  shouldComponentUpdate(next: Props): boolean;
  render(props: Props): Child;
}

export interface Ref<Value> {
  current: Value;
}

type Cleanup = (() => void) | void;

export function useState<State>(
  initial: State | (() => State),
): [State, (next: State | ((before: State) => State)) => void];
export function useEffect(effect: () => Cleanup, inputs?: readonly unknown[]): void;
export function useLayoutEffect(effect: () => Cleanup, inputs?: readonly unknown[]): void;
export function useRef<Value>(initial: Value): Ref<Value>;
export function useMemo<Value>(make: () => Value, inputs: readonly unknown[]): Value;

/** Catches what the components below throw while they are drawn. */
export function useErrorBoundary(): [unknown, () => void];
