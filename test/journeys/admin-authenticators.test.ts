/** Every factor of a person over the admin API: no secret is shown, and one is removed for a reason (M24, O21). */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PasskeyData, RecoveryData, TotpData } from "../../src/core/authenticators.ts";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import { createRelyingParty } from "../kit/relying-party.ts";
import { startServer } from "../kit/server.ts";

const server = await startServer({ clients: machines, hashCost: { memory: 64, passes: 1, lanes: 1 } });
const token = await tokenOf(server);
const call = (method: string, path: string) => callApi(server, token, method, path);
const { directory, authenticators, audit, sessions } = server.parts;
const subject = (await directory.find("grace"))?.id ?? assert.fail("no grace");
const path = `/mgt/configuser/${subject}/authenticators`;
const at = Date.UTC(2027, 0, 1);

test("lists every kind with what is known of it, and never a secret, a key or a hash", async () => {
  const app: TotpData = { secret: "JBSWY3DPEHPK3PXP", label: "Tablet", lastStep: 7, usedAt: at };
  const key: PasskeyData = {
    credential: "the-credential",
    publicKey: "the-public-key",
    counter: 4,
    transports: ["internal"],
    label: "Laptop",
    backupEligible: true,
    backedUp: true,
    aaguid: "00000000-0000-0000-0000-000000000000",
    counterBackAt: at,
  };
  const codes: RecoveryData = { hashes: ["one-hash", "two-hash"] };
  for (const [kind, data] of [
    ["totp", app],
    ["passkey", key],
    ["recovery-code", codes],
  ] as const)
    await authenticators.bind({ subject, kind, key: kind, data, boundBy: "two-factors" });
  const { status, json, text } = await call("GET", path);
  assert.equal(status, 200, text);
  const shown = (json as Record<string, unknown>[]).map(({ id: _id, boundAt: _at, ...rest }) => rest);
  const when = new Date(at).toISOString();
  assert.deepEqual(
    new Map(shown.map((one) => [one.kind, one])),
    new Map<unknown, object>([
      ["sms", { kind: "sms", label: "•••• 43", boundBy: "demo" }],
      ["totp", { kind: "totp", label: "Tablet", boundBy: "two-factors", usedAt: when }],
      [
        "passkey",
        { kind: "passkey", label: "Laptop", boundBy: "two-factors", backedUp: true, counterBackAt: when },
      ],
      ["recovery-code", { kind: "recovery-code", boundBy: "two-factors", left: 2 }],
    ]),
  );
  for (const secret of [app.secret, key.credential, key.publicKey, ...codes.hashes])
    assert.ok(!text.includes(secret), secret);
});

test("one is removed for a reason: sessions end, the audit says who and why", async () => {
  const spa = await createRelyingParty(server);
  await spa.byTwoSteps(server.visitor());
  const { json } = await call("GET", path);
  const { id } = json.find(({ kind }: { kind: string }) => kind === "passkey");
  assert.equal((await call("DELETE", `${path}/${id}`)).status, 400, "no reason, no removal");
  assert.equal((await call("DELETE", `${path}/nothing?reason=lost`)).status, 404);
  assert.equal((await call("DELETE", `${path}/${id}?reason=laptop%20stolen`)).status, 204);
  assert.deepEqual(await authenticators.list(subject, "passkey"), []);
  assert.equal((await authenticators.list(subject)).length, 3, "and no other");
  assert.deepEqual((await sessions.list({ subject, limit: 9 })).sessions, []);
  const [event] = await audit.query({ subject, kind: "authenticator-unbound", limit: 1 });
  assert.deepEqual(event?.facts, { factor: "passkey", by: "client machine", reason: "laptop stolen" });
});
