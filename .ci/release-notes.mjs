// The notes of a release: `node .ci/release-notes.mjs v1.2.3` prints what CHANGELOG.md says of that version. Ends with
// 1 where it says nothing, or where package.json has another version: then there is nothing to release.

import { readFileSync } from "node:fs";

const read = (name) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");

/** Null where there is no such section, or nothing in it. */
export function notesOf(version, changelog) {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => /^\[?([^\]\s]+)/.exec(text)?.[1] === version);
  const notes = section?.slice(section.indexOf("\n")).trim() ?? "";
  return notes === "" ? null : notes;
}

function main([tag = ""]) {
  const { version } = JSON.parse(read("package.json"));
  if (tag !== `v${version}`) {
    return fail(
      `The tag is "${tag}", and package.json has the version ${version}: tag v${version}.`,
    );
  }
  const notes = notesOf(version, read("CHANGELOG.md"));
  if (notes === null) {
    return fail(`CHANGELOG.md has nothing under "## [${version}]": move there what is unreleased.`);
  }
  process.stdout.write(`${notes}\n`);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}

if (import.meta.url === `file://${process.argv[1]}`) main(process.argv.slice(2));
