// The listening socket's own bounds, over a real one.

import { connect } from "node:net";
import { OpenAPIHono } from "@hono/zod-openapi";
import { test } from "@jest/globals";
import { createProxies } from "../../../src/gateway/client-address.ts";
import type { App } from "../../../src/gateway/define-route.ts";
import { listen } from "../../../src/gateway/http-server.ts";
import { until } from "../../support/processes.ts";

test("who asks for much and takes nothing is let go", async () => {
  const app: App = new OpenAPIHono();
  app.get("/", (c) => c.text("x".repeat(64 * 1024 * 1024)));
  const place = { host: "127.0.0.1", port: 0, silentMs: 300 };
  const server = await listen(app, place, createProxies([]));
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await new Promise<void>((resolve) => socket.once("readable", () => resolve()));
  let isDrained = false;
  const draining = server.drain(9000).then(() => (isDrained = true));
  // A drain cuts off whoever is left, but later than this.
  await until("nobody is held any longer", () => isDrained, 6000);
  await draining;
  socket.destroy();
});
