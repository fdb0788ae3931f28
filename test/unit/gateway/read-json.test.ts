import { describe, expect, test } from "@jest/globals";
import { BODY_BYTES_MAX, readJson } from "../../../src/gateway/read-json.ts";

const JSON_TYPE = "application/json";

function posted(body: string | Uint8Array<ArrayBuffer>, contentType = JSON_TYPE): Request {
  const headers = { "content-type": contentType };
  return new Request("http://localhost/", { method: "POST", body, headers });
}

async function codeOf(request: Request): Promise<string> {
  return await readJson(request).then(
    () => "read",
    (error: unknown) => String((error as { code?: string }).code),
  );
}

describe("a body is read", () => {
  test.each([JSON_TYPE, "application/json; charset=utf-8", "Application/JSON"])(
    "as %s",
    async (type) => {
      expect(await readJson(posted('{"a":[1,"ü"]}', type))).toEqual({ a: [1, "ü"] });
    },
  );

  test("with brackets in its texts, however many", async () => {
    const text = `${"[".repeat(500)}\\"${"{".repeat(500)}`;
    expect(await codeOf(posted(`{"a":"${text}"}`))).toBe("read");
  });

  test("with a hundred levels, side by side as often as one likes", async () => {
    const deep = `${"[".repeat(99)}${"]".repeat(99)}`;
    expect(await codeOf(posted(`[${deep},${deep},${deep}]`))).toBe("read");
  });

  test("up to its last byte", async () => {
    const most = `"${"a".repeat(BODY_BYTES_MAX - 2)}"`;
    expect(await codeOf(posted(most))).toBe("read");
  });
});

describe("a body is refused", () => {
  test.each(["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])(
    "as %p: a form of another site can send no JSON",
    async (type) => {
      expect(await codeOf(posted("{}", type))).toBe("UNSUPPORTED_MEDIA_TYPE");
    },
  );

  test.each<[string, string | Uint8Array<ArrayBuffer>, string]>([
    ["one byte too large", `"${"a".repeat(BODY_BYTES_MAX - 1)}"`, "REQUEST_TOO_LARGE"],
    ["nested 101 levels deep", `${"[".repeat(101)}${"]".repeat(101)}`, "USAGE"],
    ["nested 100,000 levels deep", "[".repeat(100_000), "USAGE"],
    ["not UTF-8", new Uint8Array([0x22, 0xff, 0xfe, 0x22]), "USAGE"],
    ["a surrogate alone, in UTF-8", new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]), "USAGE"],
    ["not JSON", "{a:1}", "USAGE"],
    ["empty", "", "USAGE"],
  ])("that is %s", async (_, body, code) => {
    expect(await codeOf(posted(body))).toBe(code);
  });
});
