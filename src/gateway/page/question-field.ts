// One field of what a tool asks, as an input of the form.

import { choicesOf, kindText, titlesOf } from "../../domain/form.ts";
import type { FormField } from "../../domain/question.ts";
import { spelledOut } from "../../domain/shown-text.ts";
import { Text } from "./parts.ts";
import { html, type Child, type VNode } from "./vendor/preact.js";

interface FieldProps {
  readonly id: string;
  readonly name: string;
  readonly field: FormField;
  readonly isNeeded: boolean;
}

/** In the form's data, where two questions may have fields of one name. */
export function nameOf(id: string, field: string): string {
  return JSON.stringify([id, field]);
}

export function QuestionField(props: FieldProps): VNode {
  const { name, field, isNeeded } = props;
  const { title, description } = field;
  const need = isNeeded ? "" : ", may be left out";
  return html`<label class="field">
    <span><${Text} text=${title ?? name} /></span>
    ${input(props)}
    <span class="muted"><${Text} text=${`${kindText(field)}${need}`} /></span>
    ${description !== undefined && html`<span class="muted"><${Text} text=${description} /></span>`}
  </label>`;
}

function input({ id, name, field }: FieldProps): Child {
  const key = nameOf(id, name);
  const choices = field.type === "boolean" ? ["yes", "no"] : choicesOf(field);
  if (choices !== null) return choice(key, field, choices);
  const type = field.type === "number" || field.type === "integer" ? "number" : "text";
  const usual = field.default === undefined ? "" : String(field.default);
  return html`<input
    type=${type}
    name=${key}
    step=${type === "number" ? "any" : undefined}
    autocomplete="off"
    defaultValue=${usual}
  />`;
}

function choice(key: string, field: FormField, choices: readonly string[]): VNode {
  const isList = field.type === "array";
  const titles = field.type === "boolean" ? choices : titlesOf(field);
  const usual = usualOf(field);
  return html`<select name=${key} multiple=${isList}>
    ${!isList && html`<option value=""></option>`}
    ${choices.map(
      (value, index) =>
        html`<option value=${value} selected=${usual.includes(value)}>
          ${spelledOut(titles[index] ?? value)}
        </option>`,
    )}
  </select>`;
}

function usualOf(field: FormField): readonly string[] {
  const { default: usual } = field;
  if (usual === undefined) return [];
  if (typeof usual === "boolean") return [usual ? "yes" : "no"];
  return typeof usual === "object" ? usual : [String(usual)];
}
