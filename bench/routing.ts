// npm run bench:routing: the recorded load of 100 tasks under every routing policy. Prints what each costs,
// what it saves against the medium tier for all, and how many answers pass their checks.

import { POLICIES } from "../src/domain/routing.ts";
import { savedPercent } from "../src/domain/what-if.ts";
import { usdOf } from "../src/domain/money.ts";
import { measureWorkload, readWorkload, type Measured } from "../test/support/workload.ts";
import { openOwnWorld } from "./own-world.ts";

const CAPS = { PAWL_TENANT_DAY_CAP_USD: "1000", PAWL_WRAP_UP: "1" };

const usd = (microUsd: number): string => `$${usdOf(microUsd).toFixed(6)}`;
const short = (model: string): string => model.split("-")[1] ?? model;

function row(measured: Measured, base: Measured): readonly string[] {
  const { policy, chargedMicroUsd, billedMicroUsd, choosingMicroUsd, passed, calls } = measured;
  const right = passed.filter(Boolean).length;
  const worse = passed.filter((isRight, at) => !isRight && base.passed[at] === true).length;
  const models = Object.entries(calls).map(([model, count]) => `${short(model)} ${count}`);
  return [
    policy === "fixed" ? "fixed: all medium" : policy,
    usd(chargedMicroUsd),
    policy === "fixed" ? "" : `${savedPercent(base.chargedMicroUsd, chargedMicroUsd)} %`,
    choosingMicroUsd === 0 ? "" : usd(choosingMicroUsd),
    `${right} of ${passed.length}`,
    String(worse),
    models.toSorted().join(", "),
    chargedMicroUsd === billedMicroUsd ? "equal" : usd(billedMicroUsd),
  ];
}

const HEAD = [
  [
    "policy",
    "cost",
    "saved",
    "of it for choosing",
    "right answers",
    "worse than medium",
    "calls",
    "provider's bill",
  ],
  ["---", "---:", "---:", "---:", "---:", "---:", "---", "---"],
];

const world = await openOwnWorld("pglite", { chunkDelayMs: 0, env: CAPS });
try {
  await world.startWorker();
  const tasks = readWorkload();
  const measured: Measured[] = [];
  for (const policy of POLICIES) {
    process.stderr.write(`${tasks.length} tasks, ${policy} …\n`);
    measured.push(await measureWorkload(world, tasks, policy));
  }
  const [base] = measured;
  if (base === undefined) throw new Error("no policy was measured");
  const rows = [...HEAD, ...measured.map((one) => row(one, base))];
  const chains = tasks.map(({ task }) => task.includes(", then "));
  const ofChains = ({ costs }: Measured): number =>
    costs.reduce((sum, cost, at) => sum + (chains[at] === true ? cost : 0), 0);
  const onChains = measured.map((one) => `${one.policy} ${usd(ofChains(one))}`).join(", ");
  process.stdout.write(`${rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`);
  process.stdout.write(`\nThe ${chains.filter(Boolean).length} chains alone: ${onChains}.\n`);
} finally {
  await world.close();
}
// Streams of the offline model are kept alive.
process.exit(0);
