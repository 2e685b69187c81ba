/** Where the boot file may open figures: loopback as it is, everywhere else with a token alone. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { stringify } from "yaml";
import { readConfig } from "../../src/config.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-metrics-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function read(metrics: unknown, env: Readonly<Record<string, string>> = {}) {
  const file = join(folder, "sallyport.yaml");
  const sound = {
    issuer: "https://login.example.test",
    trusted_proxies: ["127.0.0.1/32"],
    twilio_sid: `AC${"0".repeat(32)}`,
    twilio_token: { env: "TWILIO" },
    from_number: "+12025550100",
    ...(metrics === undefined ? {} : { metrics }),
  };
  writeFileSync(file, stringify(sound), { mode: 0o600 });
  return readConfig(file, { TWILIO: "a".repeat(32), ...env });
}

test("without a word of it there are none; on loopback an address is enough", () => {
  assert.equal(read(undefined).metrics, undefined);
  const cases = [
    ["127.0.0.1:9464", "127.0.0.1", 9464],
    ["[::1]:9464", "::1", 9464],
    ["localhost:1", "localhost", 1],
  ] as const;
  for (const [listen, host, port] of cases)
    assert.deepEqual(read({ listen }).metrics, { host, port, token: undefined });
});

test("elsewhere a token is asked for, and it may stand in a file or the environment", () => {
  for (const listen of ["0.0.0.0:9464", "[::]:9464", "10.0.0.5:9464", "node-1.internal:9464"])
    assert.throws(() => read({ listen }), /metrics\.token: is missing; on an address that others can reach/);
  const token = "a-token-for-prometheus";
  const { metrics } = read({ listen: "10.0.0.5:9464", token: { env: "SCRAPE" } }, { SCRAPE: token });
  assert.equal(metrics?.token?.reveal(), token);
  assert.ok(!JSON.stringify(metrics).includes(token));
});

test("what is wrong with it is said in one sentence each", () => {
  assert.throws(
    () => read({ listen: "9464" }),
    /metrics\.listen: must be HOST:PORT, for example 127\.0\.0\.1:9464/,
  );
  assert.throws(() => read({ listen: "127.0.0.1:70000" }), /metrics\.listen: must have a port up to 65535/);
  assert.throws(() => read({ listen: "127.0.0.1:1", token: "short" }), /metrics\.token: must be at least 16/);
  assert.throws(() => read({ listen: "127.0.0.1:1", path: "/m" }), /metrics/);
});
