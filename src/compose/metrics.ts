/** Puts figures where things happen, or nothing at all: without `metrics` in the boot file no library is loaded for them. */
import type { BootConfig } from "../config.ts";
import type { AuditEvent } from "../core/audit.ts";
import type { Directory } from "../core/directory.ts";
import type { Secret } from "../core/secret.ts";
import type { OnSend } from "../core/send-fact.ts";
import type { Gauges, Metrics } from "../surfaces/metrics/series.ts";

export interface Meter {
  /** The figures; undefined: nobody wants any. */
  readonly metrics: Metrics | undefined;
  /** Tells the figures of each event as well. */
  readonly alsoHears: (listener: (event: AuditEvent) => void) => (event: AuditEvent) => void;
  /** Tells them of each attempt as well. */
  readonly alsoSends: (onSend: OnSend | undefined) => OnSend | undefined;
  /** The directory, its password checks timed. */
  readonly timed: <D extends Directory>(directory: D) => D;
  /** Opens their address; answers how it is closed. */
  readonly open: (gauges: Gauges, onProblem: (problem: unknown) => void) => Promise<() => Promise<void>>;
}

const OFF: Meter = {
  metrics: undefined,
  alsoHears: (listener) => listener,
  alsoSends: (onSend) => onSend,
  timed: (directory) => directory,
  open: async () => async () => {},
};

export async function openMeter({ metrics: at }: Pick<BootConfig, "metrics">): Promise<Meter> {
  if (at === undefined) return OFF;
  const [{ createMetrics }, { serveMetrics }] = await Promise.all([
    import("../surfaces/metrics/series.ts"),
    import("../surfaces/metrics/serve.ts"),
  ]);
  const metrics = createMetrics();
  return {
    metrics,
    alsoHears: (listener) => (event) => {
      listener(event);
      metrics.hear(event);
    },
    alsoSends: (onSend) => (fact) => {
      metrics.sent(fact);
      return onSend?.(fact);
    },
    timed(directory) {
      const { lookUp } = directory;
      const clocked = async <T>(check: () => Promise<T>): Promise<T> => {
        const began = performance.now();
        try {
          return await check();
        } finally {
          metrics.passwordChecked((performance.now() - began) / 1000);
        }
      };
      return {
        ...directory,
        checkPassword: (...given) => clocked(() => directory.checkPassword(...given)),
        ...(lookUp && {
          async lookUp(username: string) {
            const found = await lookUp(username);
            return { ...found, check: (password: Secret) => clocked(() => found.check(password)) };
          },
        }),
      };
    },
    async open(gauges, onProblem) {
      metrics.look(gauges);
      const { text, contentType } = metrics;
      const server = await serveMetrics({ ...at, text, contentType, onProblem });
      return server.close;
    },
  };
}
