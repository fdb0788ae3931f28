// Tasks that need no work: greetings, and words to be said back.

import { CAPABILITIES } from "./answer.ts";

const SAY =
  /^(?:please )?(?:say|repeat|echo|(?:reply|answer|respond) with)(?: only| exactly| just| the words?)*[: ]\s*["“'`]?(.+?)["”'`]?[.!]?$/is;
const GREETING =
  /^(?:hi|hello|hey|good (?:morning|afternoon|evening)|thanks|thank you)\b[^?]{0,40}$/i;
const WHO = /\b(?:who are you|what can you do|what are you|help)\b\s*\??$/i;

export function smallTalk(task: string): string | undefined {
  const words = SAY.exec(task)?.[1];
  if (words !== undefined) return words;
  if (GREETING.test(task)) return `Hello! ${CAPABILITIES}`;
  return WHO.test(task) || task === "" ? CAPABILITIES : undefined;
}
