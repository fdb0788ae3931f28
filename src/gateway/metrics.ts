// What the gateway counts of itself, for Prometheus to fetch. Names and labels are few: no run, no
// key and no tenant is ever one.

import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import type { EventHub } from "./event-hub.ts";

export interface GatewayMetrics {
  request(
    about: { readonly route: string; readonly method: string; readonly status: number },
    durationMs: number,
  ): void;
  runStarted(): void;
  approvalDecided(verdict: string): void;
  /** In Prometheus' text format. */
  text(): Promise<string>;
  close(): Promise<void>;
}

/** Read when somebody asks; nothing is pushed and no port is opened. */
class OnDemandReader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

const DURATION_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function createMetrics(hub: Pick<EventHub, "counts">): GatewayMetrics {
  const reader = new OnDemandReader();
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter("pawl-gateway");
  const requests = meter.createCounter("pawl_http_requests", {
    description: "Requests answered, by route and status.",
  });
  const durations = meter.createHistogram("pawl_http_request_duration_seconds", {
    description: "From the request to the end of its answer, by route; streams are not in it.",
    advice: { explicitBucketBoundaries: DURATION_BUCKETS_S },
  });
  const runs = meter.createCounter("pawl_runs_started", {
    description: "Runs that this gateway has started.",
  });
  const decisions = meter.createCounter("pawl_approvals_decided", {
    description: "Decisions on tool calls that came through this gateway.",
  });
  const gauge = (name: string, description: string, read: () => number): void => {
    const instrument = meter.createObservableGauge(name, { description });
    instrument.addCallback((result) => result.observe(read()));
  };
  gauge("pawl_sse_viewers", "Event streams that are open now.", () => hub.counts.viewers);
  gauge("pawl_history_tails", "Runs watched for viewers now.", () => hub.counts.tails);
  gauge("pawl_process_resident_memory_bytes", "Resident memory of this process.", () =>
    process.memoryUsage.rss(),
  );
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);

  return {
    request({ route, method, status }, durationMs) {
      requests.add(1, { route, method, status: String(status) });
      if (!route.endsWith("/events")) durations.record(durationMs / 1000, { route, method });
    },
    runStarted: () => runs.add(1),
    approvalDecided: (verdict) => decisions.add(1, { verdict }),
    async text() {
      const { resourceMetrics } = await reader.collect();
      return serializer.serialize(resourceMetrics);
    },
    close: () => provider.shutdown(),
  };
}
