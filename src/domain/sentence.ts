// Words of errors and advice as they stand by themselves.

/** `save it` is `Save it`. */
export function capitalized(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

/** With a full stop, unless it has an end of its own. */
export function ended(words: string): string {
  return /[.!?]$/.test(words) ? words : `${words}.`;
}

/** `save it` is `Save it.` */
export function asSentence(words: string): string {
  return ended(capitalized(words));
}
