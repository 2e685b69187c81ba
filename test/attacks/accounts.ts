/**
 * Accounts of every kind that could tell two names apart: unknown, without a phone, disabled, with a phone that cannot be
 * reached, a spent budget, a paused or disabled factor, a provider that is slow or fails for that very number. Each kind is
 * brought about as it would be, or by the row that stands for it; the tests look whether anybody can see it.
 */
import assert from "node:assert/strict";
import type { FailureCount } from "../../src/core/code-failures.ts";
import { Secret } from "../../src/core/secret.ts";
import { createSending } from "../../src/core/sending.ts";
import { PASSWORD, type TestServer } from "../kit/server.ts";

export const KINDS = [
  "unknown",
  "ordinary",
  "noPhone",
  "disabled",
  "blocked",
  "exhausted",
  "factorOff",
  "paused",
  "slow",
  "failing",
] as const;
export type Kind = (typeof KINDS)[number];

/** Names of one length, so that no page differs by it. */
export const nameOf = (kind: Kind, index: number): string =>
  `${kind.slice(0, 5).toLowerCase().padEnd(5, "x")}-${String(index).padStart(3, "0")}`;

const phoneOf = (kind: Kind, index: number): string =>
  `+1202${String(200 + KINDS.indexOf(kind))}${String(index).padStart(4, "0")}`;

/** What the provider does with texts to these numbers, for ever. */
const FAULTS: Partial<Record<Kind, { code?: number; status?: number; delayMs?: number }>> = {
  blocked: { code: 21610 },
  slow: { delayMs: 2_000 },
  failing: { status: 503 },
};

/** Adds `count` people of each kind; all have the usual password. */
export async function addAccounts(server: TestServer, count: number): Promise<void> {
  const { directory, authenticators, phoneKey, storage, settings, now } = server.parts;
  const failures = storage.records<FailureCount>("code-failures");
  const sending = createSending({ storage, settings: () => settings.document().sending, now });
  for (const kind of KINDS.slice(1))
    for (let index = 0; index < count; index += 1) {
      const added = await directory.write?.add({
        username: nameOf(kind, index),
        password: new Secret(PASSWORD),
      });
      assert.ok(added?.kind === "done");
      const { id } = added.user;
      if (kind === "disabled") await directory.write?.setStatus(id, "disabled");
      if (kind === "noPhone") continue;
      const number = phoneOf(kind, index);
      await authenticators.bind({
        subject: id,
        kind: "sms",
        key: phoneKey(number),
        data: { number, country: "US", verifiedAt: 0 },
        boundBy: "test",
      });
      const keep = now() + 86_400_000;
      if (kind === "factorOff")
        await failures.put(id, { failures: 50, disabled: true, pausedUntil: 0 }, keep);
      if (kind === "paused")
        await failures.put(id, { failures: 10, disabled: false, pausedUntil: now() + 900_000 }, keep);
      const fault = FAULTS[kind];
      if (fault !== undefined)
        await server.simulator.fault({ match: { to: number }, times: "always", ...fault });
      const draw = {
        subject: id,
        e164: number,
        country: "US",
        address: `192.0.2.${index % 200}`,
        lane: "owner",
        login: "before",
        client: "spa",
      } as const;
      while (kind === "exhausted" && (await sending.reserve(draw)).kind === "go");
    }
}
