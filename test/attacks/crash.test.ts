/** `kill -9` at the worst moments: what was acknowledged is there, what was counted stays counted, no code is lost. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createCodes } from "../../src/core/codes.ts";
import { Secret } from "../../src/core/secret.ts";
import { noPostgres, startPostgres } from "../kit/postgres.ts";
import { codeAt, createSite, PASSWORD, type Site } from "../kit/serve.ts";
import {
  codeFor,
  messageCount,
  type SignedIn,
  signIn,
  stillSignedIn,
  toCodePage,
  wish,
} from "../kit/sign-in.ts";
import { startSilentProvider } from "../kit/silent-provider.ts";
import { formOf, textOf } from "../kit/visitor.ts";

const ENGINES = [
  { name: "SQLite", skip: false, config: async () => ({}) },
  {
    name: "PostgreSQL",
    skip: noPostgres,
    config: async () => ({
      store: { type: "postgres", url: (await startPostgres()).url },
      master_key: randomBytes(32).toString("base64"),
    }),
  },
] as const;

const phoneOf = (index: number): string => `+120255502${String(index).padStart(2, "0")}`;

/** Adds people p0 … ; those with an even number have a phone already. Answers their ids. */
async function populate(site: Site, count: number): Promise<readonly string[]> {
  return site.look(async ({ directory, authenticators, phoneKey, now }) => {
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const added = await directory.write?.add({
        username: `p${index}`,
        password: new Secret(PASSWORD),
        claims: {},
      });
      if (added?.kind !== "done") assert.fail(added?.kind);
      ids.push(added.user.id);
      if (index % 2 === 1) continue;
      const number = phoneOf(index);
      const data = { number, country: "US", verifiedAt: now() };
      await authenticators.bind({
        subject: added.user.id,
        kind: "sms",
        key: phoneKey(number),
        data,
        boundBy: "test",
      });
    }
    return ids;
  });
}

for (const engine of ENGINES)
  describe(`kill -9 of a server on ${engine.name}`, { skip: engine.skip, concurrency: true }, () => {
    test("in the middle of a load of sign-ins nothing that was acknowledged is missing", async (t) => {
      const PEOPLE = 24;
      const site = await createSite({ config: await engine.config() });
      const ids = await populate(site, PEOPLE);
      const node = await site.start();
      const done = new Map<number, SignedIn>();
      let next = 0;
      let dead = false;
      const lane = async () => {
        while (!dead && next < PEOPLE) {
          const index = next++;
          try {
            const parameters = { scope: "openid phone offline_access", prompt: "consent" };
            done.set(index, await signIn(site, node, `p${index}`, phoneOf(index), { parameters }));
          } catch (problem) {
            if (!dead) throw problem;
          }
        }
      };
      const lanes = Promise.all([lane(), lane(), lane(), lane()]);
      while (done.size < 10) {
        await Promise.race([sleep(1), lanes]);
        if (next >= PEOPLE && done.size < 10) await sleep(5);
      }
      dead = true;
      await node.kill();
      await lanes;
      const acknowledged = [...done];
      assert.ok(acknowledged.length < PEOPLE, "the load had ended before the crash");
      t.diagnostic(`${acknowledged.length} sign-ins were acknowledged when the server died`);

      const again = await site.start(node.port);
      for (const [index, { accessToken, refreshToken = "", visitor, claims }] of acknowledged) {
        assert.equal(claims.sub, ids[index]);
        assert.equal(await stillSignedIn(visitor), true, `the session of p${index}`);
        const headers = { authorization: `Bearer ${accessToken}` };
        assert.equal(
          (await again.call("GET", "/userinfo", { headers })).status,
          200,
          `the token of p${index}`,
        );
        const fields = { grant_type: "refresh_token", client_id: "spa", refresh_token: refreshToken };
        assert.equal(
          (await again.call("POST", "/token", { fields })).status,
          200,
          `the refresh token of p${index}`,
        );
      }
      await site.look(async ({ authenticators, audit }) => {
        for (const [index] of acknowledged) {
          const subject = ids[index] ?? "";
          const [phone] = await authenticators.list(subject, "sms");
          const data = (phone ?? assert.fail(`the phone of p${index} is gone`)).data as { number?: string };
          assert.equal(data.number, phoneOf(index));
          assert.equal((await audit.query({ kind: "signed-in", subject, limit: 9 })).length, 1);
          if (index % 2 === 1)
            assert.equal((await audit.query({ kind: "authenticator-bound", subject, limit: 9 })).length, 1);
        }
      });
      // And nobody who was on the way is locked out of anything.
      const cut = Array.from({ length: next }, (_, index) => index).find((index) => !done.has(index));
      if (cut !== undefined) await signIn(site, again, `p${cut}`, phoneOf(cut));
    });

    test("O08: between guesses the tries of a code and of the account stay counted", async () => {
      const site = await createSite({ config: await engine.config() });
      const [subject = ""] = await populate(site, 1);
      let node = await site.start();
      const visitor = node.visitor();
      let page = await toCodePage(visitor, wish(), "p0");
      const right = await codeFor(site, phoneOf(0));
      const wrong = String((Number(right) + 1) % 1_000_000).padStart(6, "0");
      const restart = async () => {
        await node.kill();
        node = await site.start(node.port);
      };
      for (const guesses of [2, 2, 1]) {
        for (let guess = 0; guess < guesses; guess += 1) page = await visitor.submit(page, { code: wrong });
        await restart();
      }
      page = await visitor.submit(page, { code: right });
      assert.match(page.body, /name="code"/, "the sixth try is refused, right or not");
      assert.doesNotMatch(page.url.href, /code=/);

      const counted = () =>
        site.look(({ storage, keyring, config, now }) =>
          createCodes({
            storage,
            keys: keyring,
            limits: () => config.settings.limits,
            now,
            newId: () => "",
          }).failures(subject),
        );
      assert.equal((await counted()).failures, 5);
      // Another browser, another code: the account's own counter goes on from five, to the pause at ten.
      const other = node.visitor();
      const before = await messageCount(site);
      let second = await toCodePage(other, wish(), "p0");
      const code = await codeFor(site, phoneOf(0), before);
      const bad = String((Number(code) + 1) % 1_000_000).padStart(6, "0");
      for (let guess = 0; guess < 5; guess += 1) second = await other.submit(second, { code: bad });
      await restart();
      const count = await counted();
      assert.equal(count.failures, 10);
      assert.ok(count.pausedUntil > Date.now(), "the pause survives too");
      const paused = await node.visitor();
      const last = await paused.submit(await paused.get(wish().url), { username: "p0", password: PASSWORD });
      assert.match(textOf(last.body), /minutes/, textOf(last.body));
    });

    test("a text whose send was not confirmed is sent again within 15 s of the restart, with the same code", async (t) => {
      const site = await createSite({ config: await engine.config() });
      const provider = await startSilentProvider();
      await populate(site, 1);
      const over = { api_base: provider.url };
      const node = await site.start(undefined, over);
      const visitor = node.visitor();
      const made = wish();
      const first = await visitor.get(made.url);
      const answer = visitor.submit(first, { username: "p0", password: PASSWORD }).catch(() => undefined);
      while (provider.texts.length === 0) await sleep(5);
      await node.kill();
      assert.equal(await answer, undefined, "the answer was lost with the server");

      const again = await site.start(node.port, over);
      const restarted = performance.now();
      provider.confirm();
      while (provider.texts.length < 2 && performance.now() - restarted < 15_000) await sleep(20);
      t.diagnostic(`sent again ${Math.round(performance.now() - restarted)} ms after the restart`);
      assert.equal(provider.texts.length, 2, "it is sent again");
      const codeIn = (text = "") => /#(\d{6})$/.exec(text)?.[1];
      assert.ok(codeIn(provider.texts[0]));
      assert.equal(codeIn(provider.texts[1]), codeIn(provider.texts[0]));
      const page = await visitor.get(formOf(first).action);
      codeAt(await visitor.submit(page, { code: codeIn(provider.texts[0]) ?? "" }));
      // Confirmed once, it is not sent a third time.
      await again.kill();
      assert.equal(provider.texts.length, 2);
    });
  });
