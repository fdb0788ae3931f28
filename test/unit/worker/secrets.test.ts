import { describe, expect, test } from "@jest/globals";
import { readConfig } from "../../../src/config.ts";
import { ENVIRONMENT, type Variable } from "../../../src/environment.ts";
import { secretsOf } from "../../../src/telemetry/secrets.ts";
import { SECRETS, withdrawSecrets } from "../../../src/worker/withdraw-secrets.ts";

const named = Object.values(ENVIRONMENT)
  .flatMap((words) => Object.values<Variable>(words))
  .filter(({ secret }) => secret)
  .map(({ name }) => name);

describe("every secret of the environment", () => {
  test("is there", () => {
    expect(named.length).toBeGreaterThan(2);
  });

  test.each(named)("%s is searched for, and withdrawn once it is read", (name) => {
    const value = name === "DATABASE_URL" ? "postgres://u:canary@h/d" : "canary-0123456789";
    const said =
      name === "PAWL_SECRETS" ? JSON.stringify({ CRM: { value, for: ["crm.example"] } }) : value;
    expect(secretsOf(readConfig({ [name]: said }))).toContain(value);
    expect(SECRETS).toContain(name);
  });

  test("is gone from the environment, its file too, and nothing else is", () => {
    const env = Object.fromEntries(
      named.flatMap((name) => [
        [name, "x"],
        [`${name}_FILE`, "y"],
      ]),
    );
    const left = { ...env, PATH: "/bin", PAWL_TENANT: "t" };
    withdrawSecrets(left);
    expect(left).toEqual({ PATH: "/bin", PAWL_TENANT: "t" });
  });
});

test.each([
  "postgres://u@h/d?password=p%26q-canary",
  "host=h user=u password='p&q-canary'",
  "postgres://u:p&q-canary@h1,h2/d",
])("so is one that stands elsewhere in a connection string: %s", (url) => {
  expect(secretsOf(readConfig({ DATABASE_URL: url }))).toContain("p&q-canary");
});

test("a password in a URL is a secret by itself, as it is written and as it is meant", () => {
  const config = readConfig({
    DATABASE_URL: "postgres://pawl:p%40ss-canary@db/pawl",
    PAWL_APPROVAL_WEBHOOK_URL: "https://u:hook-canary@hooks.example/x",
  });
  expect(secretsOf(config)).toEqual(
    expect.arrayContaining(["p%40ss-canary", "p@ss-canary", "hook-canary"]),
  );
});
