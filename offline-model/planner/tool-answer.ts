// What a tool was asked and what it answered, whoever called it and wherever it is written down.

export interface ToolAnswer {
  readonly tool: string;
  readonly input: unknown;
  readonly text: string;
  readonly isError: boolean;
}
