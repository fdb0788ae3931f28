// Whether JavaScript is meant as a module: it imports or exports, or awaits outside of any function. Parsers don't
// tell: `await (x)` is a call of a function in a script. Who writes it indents what lies within a function.

const IMPORTS = /^(?:import|export)\b(?!\s*\()/m;
const AWAITS = /^(?:(?:const|let|var)\s[^\n]*=\s*)?await\b|^for\s+await\b/m;
const REQUIRES = /\brequire\s*\(/;

export function isModule(code: string): boolean {
  return IMPORTS.test(code) || (AWAITS.test(code) && !REQUIRES.test(code));
}
