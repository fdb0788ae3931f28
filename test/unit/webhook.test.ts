import { createHmac } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { signed } from "../../activities/notify-approval.ts";

const message = { id: "run_1/toolu_1", body: '{"type":"approval.requested"}' };

/** As docs/approvals.md tells receivers to do it. */
function isGenuine(headers: Record<string, string>, body: string, key: Buffer): boolean {
  const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signature } = headers;
  const mac = createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64");
  return signature === `v1,${mac}`;
}

describe("what is posted to the webhook", () => {
  test("is signed with the secret, time and id included", () => {
    const headers = signed({ ...message, secret: "a test key" }, 1_700_000_000);
    const key = Buffer.from("a test key");
    expect(isGenuine(headers, message.body, key)).toBe(true);
    expect(isGenuine(headers, `${message.body} `, key)).toBe(false);
    expect(isGenuine({ ...headers, "webhook-timestamp": "1700000001" }, message.body, key)).toBe(
      false,
    );
    expect(isGenuine({ ...headers, "webhook-id": "other" }, message.body, key)).toBe(false);
    expect(isGenuine(headers, message.body, Buffer.from("another key"))).toBe(false);
  });

  test("takes a key in the form in which Standard Webhooks writes it", () => {
    const key = Buffer.from("a test key");
    const secret = `whsec_${key.toString("base64")}`;
    expect(isGenuine(signed({ ...message, secret }), message.body, key)).toBe(true);
  });

  test("carries no signature where there is no secret", () => {
    expect(signed({ ...message, secret: undefined })).not.toHaveProperty("webhook-signature");
  });
});
