// A tool that asks a person: sends an invoice, once, to the address that somebody confirms. The run waits for the
// answer, for days if need be; whatever dies meanwhile, the invoice goes out once.

import { z } from "zod";
import { defineTool, type Tool } from "../activities/tools/define-tool.ts";

/** The mail system of the house; what it is given twice under one key it sends once. */
export interface Post {
  addressOf(customer: string): Promise<string | null>;
  send(key: string, letter: { readonly to: string; readonly text: string }): Promise<void>;
}

const ADDRESS = z.object({
  to: z.email().describe("Where the invoice goes."),
  copy: z.boolean().default(false).describe("A copy to the bookkeeper as well?"),
});

export function sendInvoiceTool(post: Post): Tool {
  return defineTool({
    name: "send_invoice",
    description: "Sends an invoice to a customer. A person confirms the address.",
    input: z.object({ customer: z.string(), text: z.string() }),
    permission: "read",
    effect: "idempotent",
    // Called again after each answer: it only reads.
    async questions({ customer }) {
      const known = await post.addressOf(customer);
      const text = `Where shall the invoice of ${customer} go? Known is: ${known ?? "nothing"}.`;
      return { address: { text, form: ADDRESS } };
    },
    // Only where the person has answered; who declines, or says nothing for a day, stops it.
    async execute({ text }, { answers, idempotencyKey }) {
      const answer = answers["address"];
      const { to } = ADDRESS.parse(answer?.action === "accept" ? answer.content : {});
      await post.send(idempotencyKey, { to, text });
      return { sentTo: to };
    },
  });
}
