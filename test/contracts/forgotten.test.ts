/** Wishes of whoever has forgotten a password, over both engines: what a request does, and what is done behind it. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { Audit } from "../../src/core/audit.ts";
import type { Directory, User } from "../../src/core/directory.ts";
import { createForgotten } from "../../src/core/forgotten.ts";
import type { Letter } from "../../src/core/mail.ts";
import { createPasswordOpenings } from "../../src/core/password-openings.ts";
import type { Storage } from "../../src/core/records.ts";
import { messageTexts } from "../kit/messages.ts";
import { overEngines } from "../kit/over-engines.ts";
import { createStorage } from "../kit/storage.ts";
import { testSealer } from "../kit/stores.ts";

const GRACE: User = {
  id: "grace-id",
  username: "grace",
  status: "active",
  roles: [],
  createdAt: 0,
  updatedAt: 0,
  version: 3,
  claims: { email: "grace@example.org", email_verified: true },
};

overEngines("Forgotten passwords", ({ store }) => {
  /** `hours` apart from each other, they share no limit and no wish. */
  function made(hours: number, answer: "sent" | "refused" | "later" = "sent") {
    let skew = hours * 3_600_000;
    const now = () => Date.now() + skew;
    const plain = createStorage({ store: store().records, sealer: testSealer(), now });
    const work: string[] = [];
    // What the store is asked for, in order: without the keys, which differ by name.
    const counted = <T extends object>(target: T, label: string): T =>
      new Proxy(target, {
        get(of, name) {
          const value = Reflect.get(of, name) as unknown;
          if (typeof value !== "function") return value;
          return (...given: unknown[]) => {
            work.push(`${label}.${String(name)}`);
            return (value as (...all: unknown[]) => unknown).apply(of, given);
          };
        },
      });
    const storage: Storage = {
      ...plain,
      records: (kind) => counted(plain.records(kind), kind) as never,
    };
    const directory = counted(
      { find: async (name: string) => (name.toLowerCase() === "grace" ? GRACE : undefined) },
      "directory",
    ) as unknown as Directory;
    const letters: Letter[] = [];
    let outcome = answer;
    const results: unknown[] = [];
    const forgotten = createForgotten({
      storage,
      directory,
      openings: createPasswordOpenings({ storage, now }),
      audit: {
        append: async ({ facts }: { facts?: Record<string, unknown> }) => void results.push(facts?.result),
      } as unknown as Audit,
      mail: {
        send: async (letter) => {
          if (outcome === "sent") letters.push(letter);
          return outcome;
        },
      },
      texts: messageTexts(),
      settings: () => ({ forgotten: true, linkMinutes: 20 }),
      kindsOf: async () => ["sms"],
      brand: () => "Example",
      issuer: new URL("https://login.example.org"),
      now,
    });
    return {
      forgotten,
      letters,
      results,
      work,
      advance: (ms: number) => {
        skew += ms;
      },
      mend: () => {
        outcome = "sent";
      },
    };
  }
  const from = (n: number) => ({ address: `198.51.${n}.7`, locale: "en" });

  it("P11: the same work for every name, and nobody is looked for before the answer", async () => {
    const { forgotten, work } = made(2);
    const worked = async (name: string, n: number) => {
      work.length = 0;
      await forgotten.ask({ name, ...from(n) });
      return [...work];
    };
    const known = await worked("grace", 1);
    assert.ok(!known.some((act) => act.startsWith("directory")));
    assert.ok(known.length >= 4);
    for (const [n, name] of ["nobody", "", "x".repeat(300), "grace "].entries())
      assert.deepEqual(await worked(name, 2 + n), known, name.slice(0, 10));
  });

  it("one letter for each wish, whichever of the nodes that sweep at once gets it", async () => {
    const [one, other] = [made(4), made(4)];
    await one.forgotten.ask({ name: "grace", ...from(11) });
    await Promise.all([one, other, one, other].map(({ forgotten }) => forgotten.sweep()));
    const letters = [...one.letters, ...other.letters];
    assert.equal(letters.length, 1);
    assert.deepEqual([...one.results, ...other.results], ["link"]);
    assert.match(letters[0]?.text ?? "", /https:\/\/login\.example\.org\/forgotten\/link\?t=[\w-]{43} /);
  });

  it("a mail server that is away gets another try, with a link of its own; the one before is void", async () => {
    const { forgotten, letters, advance, mend, results } = made(6, "later");
    await forgotten.ask({ name: "GRACE", ...from(21) });
    await forgotten.sweep();
    assert.deepEqual([letters.length, results.length], [0, 0]);
    mend();
    await forgotten.sweep();
    assert.equal(letters.length, 0, "not before its turn");
    advance(31_000);
    await forgotten.sweep();
    assert.deepEqual([letters.length, results], [1, ["link"]]);
  });

  it("one network gets twenty wishes an hour, and uses up nobody else's", async () => {
    const { forgotten, results, letters } = made(8);
    for (let n = 0; n < 25; n += 1) await forgotten.ask({ name: `nobody-${n}`, ...from(31) });
    await forgotten.sweep();
    assert.equal(results.length, 20);
    await forgotten.ask({ name: "grace", ...from(32) });
    await forgotten.sweep();
    assert.equal(letters.length, 1);
  });
});
