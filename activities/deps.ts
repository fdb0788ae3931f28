// What the activities work with; a worker makes it once.

import type { Config } from "../src/config.ts";
import type { OwnProvider } from "../src/domain/provider.ts";
import type { ProviderBatches } from "../src/model/provider-batches.ts";
import type { Model } from "../src/model/model.ts";
import type { Artefacts } from "../src/store/artefacts.ts";
import type { Batches } from "../src/store/batches.ts";
import type { LaneCalls } from "../src/store/lane-calls.ts";
import type { OwnLease } from "../src/store/leases.ts";
import type { DeltaWriter } from "../src/store/delta-writer.ts";
import type { Gates } from "../src/store/gates.ts";
import type { Ledger } from "../src/store/ledger.ts";
import type { RunRecords } from "../src/store/run-records.ts";
import type { Stops } from "../src/store/stops.ts";
import type { Tenants } from "../src/store/tenants.ts";
import type { Transcripts } from "../src/store/transcripts.ts";
import type { Telemetry } from "../src/telemetry/telemetry.ts";
import type { AgentSource } from "./agents.ts";
import type { FilesFolder } from "./files-folder.ts";
import type { RunningAttempts } from "./running-attempts.ts";
import type { ToolSource } from "./tool-sources/tool-source.ts";

export interface ActivityDeps {
  readonly config: Config;
  readonly telemetry: Telemetry;
  readonly model: Model;
  /** Who answers here. */
  readonly provider: OwnProvider;
  /** Through the proxy of the environment, where there is one. */
  readonly fetch: typeof fetch;
  readonly providerBatches: ProviderBatches;
  readonly laneCalls: LaneCalls;
  readonly ledger: Ledger;
  readonly lease: OwnLease;
  readonly running: RunningAttempts;
  readonly stops: Stops;
  readonly gates: Gates;
  readonly transcripts: Transcripts;
  readonly artefacts: Artefacts;
  readonly records: RunRecords;
  readonly batches: Batches;
  readonly tenants: Tenants;
  readonly deltas: DeltaWriter;
  readonly files: FilesFolder;
  /** In this order they are asked for a tool. */
  readonly toolSources: readonly ToolSource[];
  readonly agents: AgentSource;
}
