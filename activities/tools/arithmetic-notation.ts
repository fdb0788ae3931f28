// Arithmetic as people and models write it, turned into the one notation the parser is given:
// 8.1 billion, 148,940,000, ×, ÷, **, 15% of 80. What has two meanings is refused with both spelled
// out, never guessed.

import { ARITHMETIC_CONSTANTS, ARITHMETIC_FUNCTIONS } from "./arithmetic.ts";
import { readTokens, type Token } from "./arithmetic-tokens.ts";
import { ToolError } from "./tool-error.ts";

const DEPTH_MAX = 50;

const SCALES: Readonly<Record<string, number>> = {
  thousand: 3,
  million: 6,
  billion: 9,
  trillion: 12,
};

export function readArithmetic(expression: string): string {
  return new Reader(readTokens(expression)).read();
}

/** Writes the tokens down in the parser's notation, one after the other. */
class Reader {
  readonly #tokens: readonly Token[];
  readonly #written: string[] = [];
  /** Where in `#written` each open parenthesis stands. */
  readonly #open: number[] = [];
  /** Where the operand that ends here begins, or -1 behind an operator. */
  #operandStart = -1;
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  read(): string {
    for (; this.#at < this.#tokens.length; this.#at += 1) {
      const token = this.#tokens[this.#at];
      if (token === undefined) break;
      if (token.kind === "number") this.#number(token.text);
      else if (token.kind === "name") this.#name(token.text);
      else this.#sign(token.text);
    }
    if (this.#written.length === 0) refuse("The expression is empty", "Write one, like 2 * 3.");
    if (this.#open.length > 0) refuse("A parenthesis is not closed", "Close every parenthesis.");
    return this.#written.join("").trim();
  }

  #number(text: string): void {
    const scale = SCALES[this.#next()?.text ?? ""];
    if (scale !== undefined) this.#at += 1;
    const number = scale === undefined ? text : String(Number(`${Number(text)}e${scale}`));
    if (!Number.isFinite(Number(number))) refuse(`${text} is too large`, "Use a smaller number.");
    this.#operand(number);
  }

  #name(name: string): void {
    if (name === "of" && this.#operandStart >= 0) return this.#operator("*");
    if (name === "mod" && this.#operandStart >= 0) return this.#operator("%");
    if (Object.hasOwn(ARITHMETIC_CONSTANTS, name)) return this.#operand(name);
    if (name === "log") refuse("log has two meanings", "Use ln(x), log10(x) or log2(x).");
    if (!Object.hasOwn(ARITHMETIC_FUNCTIONS, name)) {
      const known = [...Object.keys(ARITHMETIC_FUNCTIONS), "pi", "e"].join(", ");
      refuse(`${JSON.stringify(name)} is not known`, `Put in numbers. There are: ${known}.`);
    }
    if (this.#next()?.text !== "(") refuse(`${name} is not called`, `Write ${name}(…).`);
    this.#operand(name);
    this.#operandStart = -1;
  }

  #sign(sign: string): void {
    if (sign === "(") return this.#openParenthesis();
    if (sign === ")") return this.#closeParenthesis();
    if (sign === "%" && !this.#startsOperand(this.#next())) return this.#percent();
    if (sign === "!" || sign === "^2" || sign === "^3") return this.#postfix(sign);
    if (sign === ",") {
      if (this.#open.length === 0) {
        refuse("A comma stands outside of a function", "Use a point for decimals: 3.14.");
      }
      this.#written.push(", ");
      this.#operandStart = -1;
      return;
    }
    this.#operator(sign);
  }

  #operand(text: string): void {
    if (this.#operandStart >= 0) {
      refuse(`An operator is missing before ${text}`, "Write every multiplication as *.");
    }
    this.#operandStart = this.#written.length;
    this.#written.push(text);
  }

  #operator(sign: string): void {
    const isUnary = this.#operandStart < 0;
    this.#written.push(isUnary ? sign : ` ${sign} `);
    this.#operandStart = -1;
  }

  #postfix(sign: string): void {
    if (this.#operandStart < 0) refuse(`${sign} has no number before it`, "Write it behind one.");
    this.#written.push(sign);
  }

  #openParenthesis(): void {
    if (this.#operandStart >= 0) {
      refuse("An operator is missing before a parenthesis", "Write every multiplication as *.");
    }
    if (this.#open.length >= DEPTH_MAX) {
      refuse("The parentheses are nested too deep", "Split it into several calculations.");
    }
    const isCall = /^[a-z]/.test(this.#written.at(-1) ?? "");
    this.#open.push(isCall ? this.#written.length - 1 : this.#written.length);
    this.#written.push("(");
  }

  #closeParenthesis(): void {
    const start = this.#open.pop();
    if (start === undefined) refuse("A parenthesis was never opened", "Check the parentheses.");
    this.#written.push(")");
    this.#operandStart = start;
  }

  #percent(): void {
    const start = this.#operandStart;
    if (start < 0) refuse("% has no number before it", "Write 15% of 80, or 17 % 5.");
    if (/^ [-+] $/.test(this.#written[start - 1] ?? "")) {
      refuse(
        "Adding a percentage has two meanings",
        "Write 200 * 1.10 to add 10 % of 200, or 200 + 0.10.",
      );
    }
    this.#written.splice(start, 0, "(");
    this.#written.push(" / 100)");
  }

  #next(): Token | undefined {
    return this.#tokens[this.#at + 1];
  }

  #startsOperand(token: Token | undefined): boolean {
    if (token?.kind === "number" || token?.text === "(") return true;
    return token?.kind === "name" && token.text !== "of" && token.text !== "mod";
  }
}

function refuse(what: string, suggestion: string): never {
  throw new ToolError(`${what}.`, { suggestion });
}
