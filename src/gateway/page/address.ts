// Where the gateway is, seen from this page. It may stand below a path of a proxy's, so no address begins with a
// slash: each is resolved against the document.

export function addressOf(path: string): string {
  return new URL(path, document.baseURI).href;
}
