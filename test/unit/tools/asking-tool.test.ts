import { expect, test } from "@jest/globals";
import { sendInvoiceTool } from "../../../examples/asking-tool.ts";
import { contextFor } from "./support.ts";

test("the example asks where the invoice goes, and sends it there and nowhere else", async () => {
  const sent: object[] = [];
  const tool = sendInvoiceTool({
    addressOf: async () => "old@example.org",
    send: async (key, letter) => void sent.push({ key, ...letter }),
  });
  const call = { customer: "Anna", text: "5 euros" };
  const asks = await tool.run(call, contextFor());
  expect(asks).toMatchObject({
    questions: [{ id: "address", text: expect.stringContaining("old@example.org") }],
  });
  expect(sent).toEqual([]);
  const content = { to: "new@example.org" };
  const context = contextFor({ answers: { address: { action: "accept", content } }, resume: "{}" });
  expect(await tool.run(call, context)).toMatchObject({ text: '{"sentTo":"new@example.org"}' });
  expect(sent).toEqual([{ key: context.idempotencyKey, to: "new@example.org", text: "5 euros" }]);
});
