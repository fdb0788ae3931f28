// What Pawl uses of turndown, whose own declarations need those of a browser.

declare module "turndown" {
  interface Options {
    readonly headingStyle?: "atx" | "setext";
    readonly codeBlockStyle?: "fenced" | "indented";
    readonly bulletListMarker?: "-" | "*" | "+";
    readonly hr?: string;
  }
  class TurndownService {
    constructor(options?: Options);
    remove(filter: readonly string[]): this;
    turndown(html: string): string;
  }
  // oxlint-disable-next-line import/no-default-export -- theirs
  export default TurndownService;
}
