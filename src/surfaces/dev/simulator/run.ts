/**
 * The simulator as a process of its own. Configuration is one JSON object in SALLYPORT_SIMULATOR:
 * `{ "accounts": [{ "sid", "token", "apiKeys"? }], "port"?, "keep"?, "paceMs"?, "untilStdinCloses"? }`. Prints
 * `{"url":"…"}` as one line when it listens; ends on SIGTERM, SIGINT, or with its standard input.
 */
import { writeSync } from "node:fs";
import { z } from "zod";
import { createSimulator } from "./simulator.ts";

const schema = z.strictObject({
  accounts: z
    .array(
      z.strictObject({
        sid: z.string(),
        token: z.string(),
        apiKeys: z.array(z.strictObject({ sid: z.string(), secret: z.string() })).optional(),
      }),
    )
    .min(1),
  port: z.int().min(0).max(65_535).optional(),
  keep: z.int().min(1).optional(),
  paceMs: z.int().min(0).optional(),
  /** So that a killed parent leaves no simulator behind. */
  untilStdinCloses: z.boolean().default(false),
});

const { accounts, port, untilStdinCloses, ...rest } = schema.parse(
  JSON.parse(process.env.SALLYPORT_SIMULATOR ?? "{}"),
);
const simulator = createSimulator({ accounts, now: Date.now, ...rest });
const { url } = await simulator.listen(port);
writeSync(1, `${JSON.stringify({ url })}\n`);

const end = () => void simulator.close().then(() => process.exit(0));
process.once("SIGTERM", end).once("SIGINT", end);
if (untilStdinCloses) process.stdin.once("end", end).once("error", end).resume();
