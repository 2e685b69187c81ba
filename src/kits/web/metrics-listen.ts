/** What the boot file says of the address that metrics are read at: a door of its own, closed unless it is wanted. */
import { z } from "zod";
import { isLoopback } from "../../core/network.ts";
import type { Secret } from "../../core/secret.ts";

export interface MetricsListen {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly token: Secret | undefined;
}

/** The token is a secret of the file, and comes separately. */
export const metricsSchema = z.strictObject({
  listen: z
    .string()
    .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, "must be HOST:PORT, for example 127.0.0.1:9464"),
});

const LEAST_TOKEN = 16;

/** The address; says a fault where figures would be open to whoever can reach it. */
export function metricsOf(
  { listen }: z.infer<typeof metricsSchema>,
  token: Secret | undefined,
  fault: (text: string) => void,
): MetricsListen {
  const [, name = "", digits = ""] = /^(.*):(\d+)$/.exec(listen) ?? [];
  const host = name.replace(/^\[|\]$/g, "");
  if (Number(digits) > 65_535) fault("metrics.listen: must have a port up to 65535");
  if (!isLoopback(host) && token === undefined)
    fault(
      "metrics.token: is missing; on an address that others can reach, Prometheus has to show a token (openssl rand -base64 32)",
    );
  if (token !== undefined && token.reveal().length < LEAST_TOKEN)
    fault(`metrics.token: must be at least ${LEAST_TOKEN} characters`);
  return { host, port: Number(digits), token };
}
