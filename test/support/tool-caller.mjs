// Calls tools of the built code in a process of its own, as the user that it is told to be. The order comes as JSON on
// stdin, `{ user, filesDir, roots, closed, calls: [[tool, input], …], atOnce }`; the answers go to stdout, in turn.

import { text } from "node:stream/consumers";
import { builtInTools } from "../../dist/activities/tools/index.js";
import { openRoots } from "../../dist/src/files/open-roots.js";

const { user, filesDir, roots, closed, calls, atOnce } = JSON.parse(await text(process.stdin));
if (user !== undefined) {
  process.setgroups([]);
  process.setgid(user);
  process.setuid(user);
}
const fileRoots = await openRoots(roots, closed);

async function answerTo([name, input]) {
  const tool = builtInTools.find(({ spec }) => spec.name === name);
  const { signal } = new AbortController();
  const context = { attempt: 3, signal, filesDir, fileRoots, answers: {}, resume: null };
  return await tool.run(input, context);
}

const answers = atOnce ? await Promise.all(calls.map(answerTo)) : [];
if (!atOnce) for (const call of calls) answers.push(await answerTo(call));
process.stdout.write(JSON.stringify(answers));
