// The real proxies, each started with a block of its configuration and what the block leaves to the rest of a
// machine: name, ports, certificate, folders. They speak TLS, and nobody has signed what they show.

import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort, startProcess, until, type Process } from "../support/processes.ts";
import { replaced } from "./documented-blocks.ts";
import { statusOf } from "./curl-viewer.ts";

const run = promisify(execFile);

export interface Proxy {
  readonly url: string;
  /** As its operator does it after a change. */
  reload(): Promise<void>;
  /** Killed, and started again. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface ProxyKind {
  readonly name: string;
  /** Of its blocks in docs/http.md. */
  readonly language: string;
  /** Null where it is not installed. */
  readonly program: string | null;
  start(block: string, gatewayPort: number): Promise<Proxy>;
}

interface Place {
  readonly dir: string;
  readonly port: number;
  readonly gatewayPort: number;
}

interface Running {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly reload: (running: Process) => Promise<unknown>;
}

const GATEWAY = "127.0.0.1:7420";

const nginx = kind("nginx", "nginx", async (program, block, { dir, port, gatewayPort }) => {
  const [cert, key] = certificateIn(dir);
  const server = replaced(block, {
    "listen 443 ": `listen ${port} `,
    [GATEWAY]: `127.0.0.1:${gatewayPort}`,
    "/etc/ssl/agents.example.com.pem": cert,
    "/etc/ssl/agents.example.com.key": key,
  });
  const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${join(dir, name)};`,
  );
  const main = [
    ...["daemon off;", "worker_processes 1;", `pid ${join(dir, "pid")};`],
    ...(process.getuid?.() === 0 ? ["user root;"] : []),
    "error_log stderr warn;",
    "events {}",
    `http { access_log off; ${folders.join(" ")}\n${server}\n}`,
  ];
  const file = written(dir, "nginx.conf", main.join("\n"));
  return {
    command: program,
    args: ["-e", "stderr", "-p", dir, "-c", file],
    reload: async (running) => running.signal("SIGHUP"),
  };
});

const caddy = kind("Caddy", "caddyfile", async (program, block, { dir, port, gatewayPort }) => {
  const admin = `127.0.0.1:${await freePort()}`;
  const site = replaced(block, {
    "agents.example.com {": `https://localhost:${port} {`,
    [GATEWAY]: `127.0.0.1:${gatewayPort}`,
  });
  const options = `{\n  admin ${admin}\n  auto_https disable_redirects\n  skip_install_trust\n}\n`;
  const file = written(dir, "Caddyfile", `${options}${site}`);
  const config = ["--config", file, "--adapter", "caddyfile"];
  const env = { ...process.env, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir, HOME: dir };
  return {
    command: program,
    args: ["run", ...config],
    env,
    reload: () => run(program, ["reload", ...config, "--address", admin, "--force"], { env }),
  };
});

const haproxy = kind("HAProxy", "haproxy", async (program, block, { dir, port, gatewayPort }) => {
  const [cert, key] = certificateIn(dir);
  const both = written(
    dir,
    "both.pem",
    `${readFileSync(cert, "utf8")}${readFileSync(key, "utf8")}`,
  );
  const text = replaced(block, {
    "bind :443 ": `bind :${port} `,
    [GATEWAY]: `127.0.0.1:${gatewayPort}`,
    "/etc/haproxy/agents.example.com.pem": both,
  });
  const file = written(dir, "haproxy.cfg", `global\n  maxconn 1000\n\n${text}`);
  return {
    command: program,
    args: ["-W", "-db", "-f", file],
    reload: async (running) => running.signal("SIGUSR2"),
  };
});

export const PROXIES: readonly ProxyKind[] = [nginx, caddy, haproxy];

function kind(
  name: string,
  language: string,
  prepare: (program: string, block: string, place: Place) => Promise<Running>,
): ProxyKind {
  const program = programOf(name.toLowerCase());
  return {
    name,
    language,
    program,
    start: async (block, gatewayPort) => {
      if (program === null) throw new Error(`${name} is not installed.`);
      const dir = mkdtempSync(join(tmpdir(), "pawl-proxy-"));
      const place = { dir, gatewayPort, port: await freePort() };
      return await opened(await prepare(program, block, place), place);
    },
  };
}

async function opened(
  { command, args, env, reload }: Running,
  { dir, port }: Place,
): Promise<Proxy> {
  const url = `https://localhost:${port}`;
  const begin = async (): Promise<Process> => {
    const running = startProcess(command, args, env === undefined ? {} : { env });
    const ended = running.ended.then((code) => {
      throw new Error(`${command} ended with ${code}:\n${running.lines.join("\n")}`);
    });
    ended.catch(() => undefined);
    await Promise.race([until(`${command} listens`, async () => (await statusOf(url)) > 0), ended]);
    return running;
  };
  const end = async (running: Process): Promise<void> => {
    // A master takes its workers along only where it may say goodbye.
    running.signal("SIGTERM");
    const isGone = await Promise.race([
      running.ended.then(() => true),
      new Promise<false>((resolve) => void setTimeout(() => resolve(false), PATIENCE_MS).unref()),
    ]);
    if (!isGone) await running.kill();
  };
  let running = await begin();
  return {
    url,
    reload: async () => void (await reload(running)),
    restart: async () => {
      await end(running);
      running = await begin();
    },
    close: async () => {
      await end(running);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** nginx lets no stream hold it up when it is told TERM; others may wait for theirs. */
const PATIENCE_MS = 3000;

function programOf(name: string): string | null {
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

function written(dir: string, name: string, text: string): string {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

function certificateIn(dir: string): readonly [cert: string, key: string] {
  const [cert, key] = [join(dir, "cert.pem"), join(dir, "key.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const kindOfKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const args = [
    "req",
    "-x509",
    "-days",
    "2",
    ...kindOfKey,
    ...subject,
    "-keyout",
    key,
    "-out",
    cert,
  ];
  execFileSync("openssl", args, { stdio: "ignore" });
  return [cert, key];
}
