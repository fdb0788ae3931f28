// A server of names on this machine, as strict as a resolver needs it: what a hostile zone answers, question by
// question. Answers come in the order in which they are listed, the last one again and again.

import { createSocket } from "node:dgram";
import { once } from "node:events";

export interface Record {
  readonly type: "A" | "AAAA" | "CNAME";
  /** An address, or a name. */
  readonly value: string;
  /** Of what; else of the name that was asked for. */
  readonly of?: string;
}

export interface NameServer {
  readonly address: string;
  /** `NAME TYPE`, in their order. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

const TYPES = { A: 1, CNAME: 5, AAAA: 28 } as const;

export async function startNameServer(
  zone: Readonly<{ [name: string]: readonly (readonly Record[])[] }>,
): Promise<NameServer> {
  const asked: string[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const { name, type, question } = questionIn(query);
    const times = asked.filter((each) => each === `${name} ${type}`).length;
    asked.push(`${name} ${type}`);
    const answers = zone[name] ?? [];
    const records = (answers[Math.min(times, answers.length - 1)] ?? []).filter(
      (record) => record.type === "CNAME" || record.type === type,
    );
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(zone[name] === undefined ? 0x8183 : 0x8180, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    const told = records.map((record) => encoded(record, name));
    socket.send(Buffer.concat([header, question, ...told]), from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    stop: async () => {
      socket.close();
      await once(socket, "close");
    },
  };
}

function questionIn(query: Buffer) {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const code = query.readUInt16BE(at + 1);
  const type = Object.entries(TYPES).find(([, number]) => number === code)?.[0] ?? String(code);
  return { name: labels.join(".").toLowerCase(), type, question: query.subarray(12, at + 5) };
}

function encoded({ type, value, of }: Record, asked: string): Buffer {
  const data = type === "CNAME" ? nameBytes(value) : addressBytes(value);
  const rest = Buffer.alloc(10);
  rest.writeUInt16BE(TYPES[type], 0);
  rest.writeUInt16BE(1, 2);
  rest.writeUInt16BE(data.length, 8);
  return Buffer.concat([nameBytes(of ?? asked), rest, data]);
}

function nameBytes(name: string): Buffer {
  const labels = name
    .split(".")
    .map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, "latin1"));
  return Buffer.concat([...labels, Buffer.of(0)]);
}

/** IPv6 with one `::`. */
function addressBytes(address: string): Buffer {
  if (!address.includes(":")) return Buffer.from(address.split(".").map(Number));
  const [before = "", after = ""] = address.split("::");
  const groups = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const [head, tail] = [groups(before), groups(after)];
  const all = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}
