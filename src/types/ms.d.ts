// `@temporalio/common` types its durations with `ms`, whose canary release exports no types under
// nodenext. Without this, `Duration` silently becomes `any` and a misspelt timeout compiles.
declare module "ms" {
  export type StringValue = `${number}` | `${number}${" " | ""}${Unit}`;
  type Unit =
    | "ms"
    | "s"
    | "m"
    | "h"
    | "d"
    | `${"millisecond" | "second" | "minute" | "hour" | "day"}${"s" | ""}`;
  export default function ms(value: StringValue): number;
}
