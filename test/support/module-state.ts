// What a module remembers between two calls: found in its text, which prettier has laid out, so that what
// stands at its top begins its line. For modules that all runs of a worker share.

const CHANGING =
  "push|pop|shift|unshift|splice|sort|reverse|fill|copyWithin|set|add|delete|clear|append";
/** These keep nothing of what goes through them. */
const KNOWN_CALLS =
  /^(?:proxyActivities|proxyLocalActivities|define(?:Signal|Update|Query)|fields|jsonObject|optional|otherwise|text|wholeNumber)$/;

/** A line for each place; none where the module may be shared. */
export function stateIn(text: string): readonly string[] {
  const found = (pattern: RegExp): readonly string[] =>
    Array.from(text.matchAll(pattern), ([all]) => all.trim());
  return [
    ...found(/^(?:export )?(?:let|var) .*$/gm),
    ...found(/^\s+static (?!async )[^(]*$/gm),
    ...found(/^(?:export )?const [^=]*= new (?:Weak\w+|Array|Date|Promise)\b.*$/gm),
    ...found(/^(?:export )?const \w+(?:: (?!Readonly)[^=]+)? = new (?:Map|Set)\b.*$/gm),
    ...found(/^(?:export )?const [^=]*= \((?:async )?(?:\(\) =>|function).*$/gm),
    ...calls(text),
    ...constants(text).flatMap((name) => found(changesOf(name))),
  ];
}

/** What a call gives may remember what it likes. */
function calls(text: string): readonly string[] {
  const made = text.matchAll(/^(?:export )?const [^=]*= (?:new )?(\w+)(?:<[^>]*>)?\(.*$/gm);
  return Array.from(made).flatMap(([line, name = ""]) =>
    KNOWN_CALLS.test(name) || /= new (?:Map|Set)\(/.test(line) ? [] : [line],
  );
}

function constants(text: string): readonly string[] {
  return Array.from(text.matchAll(/^(?:export )?const (\w+)/gm), ([, name = ""]) => name);
}

function changesOf(name: string): RegExp {
  const inside = `\\b${name}(?:\\??\\.\\w+|\\[[^\\]\\n]*\\])*`;
  const deeper = `\\b${name}(?:\\.\\w+|\\[[^\\]\\n]*\\])+`;
  return new RegExp(
    [
      `^.*${inside}\\.(?:${CHANGING})\\(.*$`,
      `^.*${deeper}\\s*(?:[-+*/|&^]|\\?\\?|\\|\\||&&)?=(?![=>]).*$`,
      `^.*${deeper}(?:\\+\\+|--).*$`,
      `^.*delete ${deeper}.*$`,
      `^.*Object\\.(?:assign|defineProperty)\\(${name}\\b.*$`,
    ].join("|"),
    "gm",
  );
}
