// One route: what it takes, who may use it, what it answers. The same schemas check requests, type
// the handler and make the OpenAPI document, so that the three can't come apart.

import type { OpenAPIHono } from "@hono/zod-openapi";
import type { z, ZodObject, ZodType } from "zod";
import { issueText } from "../client/issue-text.ts";
import { CATALOGUE, PawlError, type ErrorCode } from "../domain/errors.ts";
import { ANSWER_WITHIN_MS, inTime } from "./in-time.ts";
import { present } from "../domain/present.ts";
import type { KeyScope } from "../domain/key-scope.ts";
import { demand } from "./authenticate.ts";
import type { Gateway, GatewayContext, GatewayEnv } from "./route-context.ts";
import type { Principal } from "./principal.ts";
import { PROBLEM } from "./problem.ts";
import { readJson } from "./read-json.ts";

export type App = OpenAPIHono<GatewayEnv>;

interface AnswerSpec {
  readonly description: string;
  /** Absent where the answer is no JSON: the handler then returns a Response of its own. */
  readonly schema?: ZodType;
  readonly contentType?: string;
}

type AnswerSpecs = Readonly<Record<number, AnswerSpec>>;

export interface RouteSpec<
  P extends ZodObject,
  Q extends ZodObject,
  H extends ZodObject,
  B extends ZodType,
  A extends AnswerSpecs,
> {
  readonly method: "get" | "post";
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  /** A key needs one of these; null: for everybody, without a key. */
  readonly scopes: readonly KeyScope[] | null;
  readonly params?: P;
  readonly query?: Q;
  readonly headers?: H;
  readonly body?: B;
  /** A request without a body counts as one with an empty object. */
  readonly isBodyOptional?: true;
  /** What it begins goes on behind its answer. */
  readonly isStream?: true;
  readonly answers: A;
  /** What can go wrong besides what can go wrong everywhere. */
  readonly problems?: readonly ErrorCode[];
}

interface RouteRequest<P, Q, H, B> {
  readonly params: P;
  readonly query: Q;
  readonly headers: H;
  readonly body: B;
  readonly principal: Principal;
  readonly gateway: Gateway;
  readonly c: GatewayContext;
}

type AnswerOf<A extends AnswerSpecs> = {
  [S in keyof A & number]: A[S] extends { readonly schema: infer Schema extends ZodType }
    ? Answered<S, z.input<Schema>>
    : never;
}[keyof A & number];

/** What a handler returns; a function, so that literals keep their types. */
export function answer<S extends number, const B>(status: S, body: B): Answered<S, B> {
  return { status, body };
}

interface Answered<S, B> {
  readonly status: S;
  readonly body: B;
}

const EVERYWHERE: readonly ErrorCode[] = [
  "USAGE",
  "RATE_LIMITED",
  "INTERNAL",
  "BACKEND_UNREACHABLE",
];

export function addRoute<
  P extends ZodObject,
  Q extends ZodObject,
  H extends ZodObject,
  B extends ZodType,
  A extends AnswerSpecs,
>(
  app: App,
  spec: RouteSpec<P, Q, H, B, A>,
  handle: (
    asked: RouteRequest<z.output<P>, z.output<Q>, z.output<H>, z.output<B>>,
  ) => Promise<AnswerOf<A> | Response>,
): void {
  document(app, spec);
  app.on(spec.method.toUpperCase(), honoPath(spec.path), async (c) => {
    c.set("route", spec.path);
    const principal = c.get("principal");
    if (spec.scopes !== null) demand(principal, spec.scopes);
    const asked = {
      params: checkPath(spec.params, c.req.param()),
      query: check(spec.query, c.req.query(), "query"),
      headers: check(spec.headers, headersFor(spec.headers, c), "headers"),
      body: await bodyFor(spec, c.req.raw),
      principal,
      gateway: c.get("gateway"),
      c,
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what was checked has the schemas' types
    const work = () => handle(asked as Parameters<typeof handle>[0]);
    const leftMs = ANSWER_WITHIN_MS - c.get("waitedMs");
    const { client } = c.get("gateway");
    const answered = await inTime(
      spec.isStream === true ? work() : client.within(leftMs, work),
      leftMs,
    );
    if (answered instanceof Response) return answered;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every answer has a body
    const { status, body } = answered as { status: 200; body: object };
    c.header("Cache-Control", "no-store");
    return c.json(body, status);
  });
}

async function bodyFor(
  { body, isBodyOptional = false }: { readonly body?: ZodType; readonly isBodyOptional?: boolean },
  request: Request,
): Promise<unknown> {
  if (body === undefined) return undefined;
  const isLeftOut = isBodyOptional && !hasBody(request);
  return check(body, isLeftOut ? {} : await readJson(request), "body");
}

/** As HTTP says it: the stream is there in any case. */
function hasBody({ headers }: Request): boolean {
  return headers.has("transfer-encoding") || Number(headers.get("content-length") ?? 0) > 0;
}

function headersFor(schema: ZodObject | undefined, c: GatewayContext): Record<string, string> {
  const names = Object.keys(schema?.shape ?? {});
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = c.req.header(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function check(schema: ZodType | undefined, given: unknown, where: string): unknown {
  if (schema === undefined) return undefined;
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues
    .slice(0, 5)
    .map((issue) => issueText(issue, [where, ...issue.path]));
  throw new PawlError("USAGE", `${issues.join("; ")}.`);
}

/** A path that can name nothing names nothing. */
function checkPath(schema: ZodObject | undefined, given: unknown): unknown {
  const parsed = schema?.safeParse(given);
  if (parsed?.success === false) throw new PawlError("NOT_FOUND", "There is nothing here.");
  return parsed?.data;
}

type AnySpec = RouteSpec<ZodObject, ZodObject, ZodObject, ZodType, AnswerSpecs>;

function document(app: App, spec: AnySpec): void {
  const { method, path, operationId, summary, scopes, params, query, headers, body } = spec;
  const required = spec.isBodyOptional !== true;
  app.openAPIRegistry.registerPath({
    method,
    path,
    operationId,
    summary,
    security: (scopes ?? []).map((scope) => ({ key: [scope] })),
    request: {
      ...present({ params, query, headers }),
      ...(body === undefined
        ? {}
        : { body: { required, content: { "application/json": { schema: body } } } }),
    },
    responses: { ...answersOf(spec), ...problemsOf(spec) },
  });
}

function answersOf({ answers }: AnySpec): Record<string, object> {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { description, schema, contentType }]) => {
      const content =
        schema === undefined
          ? { [contentType ?? "text/plain"]: { schema: { type: "string" } } }
          : { "application/json": { schema } };
      return [status, { description, content }];
    }),
  );
}

function problemsOf({ scopes, params, body, problems = [] }: AnySpec): Record<string, object> {
  const codes = new Set<ErrorCode>([
    ...EVERYWHERE,
    ...(scopes === null ? [] : (["UNAUTHENTICATED", "FORBIDDEN"] as const)),
    ...(params === undefined ? [] : (["RUN_NOT_FOUND"] as const)),
    ...(body === undefined ? [] : (["REQUEST_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"] as const)),
    ...problems,
  ]);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { httpStatus } = CATALOGUE[code];
    byStatus.set(httpStatus, [...(byStatus.get(httpStatus) ?? []), code]);
  }
  return Object.fromEntries(
    Array.from(byStatus, ([status, alike]) => [
      status,
      {
        description: alike.join(", "),
        content: { "application/problem+json": { schema: PROBLEM } },
      },
    ]),
  );
}

/** `/v1/runs/{runId}` as Hono writes it. */
function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}
