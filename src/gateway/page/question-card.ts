// A tool that asks a person: its questions as a form. What the tool wrote is data: text nodes with what hides spelled
// out, and an address that is shown whole and followed by nobody but the person who clicks on it.

import { valueFrom, whyNoAnswer } from "../../domain/form.ts";
import { callNumber } from "../../domain/tool-call.ts";
import type { Answers, FormField, FormValue, Question } from "../../domain/question.ts";
import { api, away, GatewayError } from "./api.ts";
import { clock, untilTime } from "./format.ts";
import { useNow } from "./hooks.ts";
import { Blocks, Text, Trouble } from "./parts.ts";
import { nameOf, QuestionField } from "./question-field.ts";
import type { AskedQuestions } from "./run-items.ts";
import { html, useRef, useState, type Child, type VNode } from "./vendor/preact.js";

export interface QuestionCardProps {
  readonly runId: string;
  readonly asked: AskedQuestions;
  readonly onAnswered?: () => void;
}

export function QuestionCard({ runId, asked, onAnswered }: QuestionCardProps): VNode {
  const [isBusy, setIsBusy] = useState(false);
  const [said, setSaid] = useState("");
  const [error, setError] = useState<GatewayError | null>(null);
  const form = useRef<HTMLFormElement | null>(null);
  const { callId, tool, round, questions } = asked;

  const send = async (answers: Answers): Promise<void> => {
    setError(null);
    setIsBusy(true);
    try {
      await api.answer(runId, callId, { round, answers });
      setSaid(
        Object.values(answers).some(({ action }) => action === "accept") ? "answered" : "declined",
      );
      onAnswered?.();
    } catch (caught) {
      setError(caught instanceof GatewayError ? caught : away(caught));
    }
    setIsBusy(false);
  };
  const answer = async (): Promise<void> => {
    const answers = answersIn(questions, new FormData(form.current ?? undefined));
    const problem = whyNoAnswer(questions, answers);
    if (problem === null) return await send(answers);
    setError(new GatewayError(422, "", `That does not fit: ${problem}.`, ""));
  };
  const decline = (): Promise<void> =>
    send(Object.fromEntries(questions.map(({ id }) => [id, { action: "decline" } as const])));

  if (said !== "") {
    return html`<p class="note" role="status"><${Text} text=${tool} />: ${said} by you</p>`;
  }
  return html`<form
    class="approval question"
    ref=${form}
    aria-label=${`Question of ${tool}`}
    onSubmit=${(event: Event) => {
      event.preventDefault();
      void answer();
    }}
  >
    <${Head} asked=${asked} />
    ${questions.map((question) => html`<${OneQuestion} key=${question.id} question=${question} />`)}
    <div class="actions">
      <button type="submit" class="primary" data-approve disabled=${isBusy}>
        ${isPlain(questions) ? "Yes" : "Answer"}
      </button>
      <button type="button" class="danger" disabled=${isBusy} onClick=${decline}>
        ${isPlain(questions) ? "No" : "Decline"}
      </button>
    </div>
    <${Trouble} error=${error} />
  </form>`;
}

/** One thing is asked, and yes or no is all that can be said. */
function isPlain([only, ...more]: readonly Question[]): boolean {
  return only?.schema === null && more.length === 0;
}

function Head({ asked }: { asked: AskedQuestions }): Child {
  const { callId, tool, deadlineAt } = asked;
  const nowMs = useNow(1000);
  return html`<p class="approval-head">
    ${callNumber(callId)} <strong class="mono"><${Text} text=${tool} /></strong> asks you${" "}
    <span class="muted" title=${clock(deadlineAt)}>
      (silence cancels it ${untilTime(deadlineAt, nowMs)})
    </span>
  </p>`;
}

function OneQuestion({ question }: { question: Question }): VNode {
  const { id, text, url, schema } = question;
  const fields = Object.entries(schema?.properties ?? {});
  return html`<fieldset class="asked">
    <legend class="mono"><${Text} text=${id} /></legend>
    <${Blocks} blocks=${[text]} />
    ${url !== undefined && html`<${Address} url=${url} />`}
    ${fields.map(
      ([name, field]) =>
        html`<${QuestionField}
          key=${name}
          ...${{ id, name, field, isNeeded: schema?.required?.includes(name) === true }}
        />`,
    )}
  </fieldset>`;
}

/** As the browser would go there, so that no letter of it looks like another. */
function Address({ url }: { url: string }): Child {
  const address = URL.parse(url);
  if (address === null || !/^https?:$/.test(address.protocol)) {
    return html`<p class="mono"><${Text} text=${url} /></p>`;
  }
  return html`<p class="mono">
    <a href=${address.href} target="_blank" rel="noopener noreferrer">
      <${Text} text=${address.href} />
    </a>
  </p>`;
}

function answersIn(questions: readonly Question[], data: FormData): Answers {
  return Object.fromEntries(
    questions.map(({ id, schema }) => {
      if (schema === null) return [id, { action: "accept" }];
      const filled = Object.entries(schema.properties).flatMap(([name, field]) => {
        const value = valueIn(data, nameOf(id, name), field);
        return value === null ? [] : [[name, value] as const];
      });
      return [id, { action: "accept", content: Object.fromEntries(filled) }];
    }),
  );
}

/** Null where nothing was filled in. */
function valueIn(data: FormData, key: string, field: FormField): FormValue | null {
  const values = data.getAll(key).filter((value) => typeof value === "string");
  if (field.type === "array") return values.length === 0 ? null : values;
  const [value = ""] = values;
  return value === "" ? null : valueFrom(field, value);
}
