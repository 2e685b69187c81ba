/** Logins of one account race with tries and resends at two server processes on one PostgreSQL, through the pages. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { noPostgres, startPostgres } from "../kit/postgres.ts";
import { roomy } from "../kit/roomy.ts";
import { cookiesFor, createSite, type Node, PASSWORD } from "../kit/serve.ts";
import { codeFor, messageCount, signIn, toCodePage, wish } from "../kit/sign-in.ts";
import { formOf } from "../kit/visitor.ts";

const PHONE = "+12025550160";
const LOGINS = 4;
/** Texts an hour to a phone that nobody has answered. */
const BUDGET = 6;
const COOL_DOWN = 10;

describe("tries and resends at two server processes on one PostgreSQL", { skip: noPostgres }, () => {
  test("O05 O08 O15: four logins, 40 resends and 40 wrong codes at once: one act a page, the phone's budget, one success a code", async () => {
    const phone = { hour: BUDGET, day: BUDGET };
    const site = await createSite({
      config: {
        store: { type: "postgres", url: (await startPostgres()).url },
        master_key: randomBytes(32).toString("base64"),
        limits: { resendAfter: [COOL_DOWN] },
        sending: { ...roomy, owners: { ...roomy.owners, phone } },
      },
    });
    const nodes = await Promise.all([site.start(), site.start()]);
    const at = (index: number) => nodes[index % 2] as Node;
    await site.command(["user", "add", "eve"], PASSWORD);
    await signIn(site, at(0), "eve", PHONE);
    const logins = [];
    for (let index = 0; index < LOGINS; index += 1) {
      const visitor = at(index).visitor();
      const before = await messageCount(site);
      const page = await toCodePage(visitor, wish(), "eve");
      const form = formOf(page);
      const path = new URL(form.action, page.url).pathname;
      const headers = { cookie: cookiesFor(visitor, path) };
      const code = await codeFor(site, PHONE, before);
      logins.push({ visitor, page, path, fields: form.fields, headers, code });
    }
    await sleep((COOL_DOWN + 1) * 1000);
    const sentBefore = await codes(site.simulator.url);
    const posts = logins.flatMap(({ path, fields, headers, code }) =>
      Array.from({ length: 20 }, (_, n) => {
        const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, "0");
        const act = n % 4 < 2 ? { action: "resend" } : { code: wrong };
        return at(n).call("POST", path, { fields: { ...fields, ...act }, headers });
      }),
    );
    const answers = await Promise.all(posts);
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [303]);
    await sleep(500);
    const sent = (await codes(site.simulator.url)) - sentBefore;
    assert.ok(sent <= LOGINS && sent + LOGINS <= BUDGET, `${sent} texts more`);
    const counted = await site.look(async ({ audit, directory }) => {
      const subject = (await directory.find("eve"))?.id ?? assert.fail("no eve");
      const wrong = await audit.query({ kind: "code-wrong", subject, limit: 500 });
      return wrong.filter(({ facts }) => facts?.result === "wrong").length;
    });
    assert.ok(counted <= LOGINS, `${counted} compared: a form counts once, at whichever node`);
    assert.ok(counted + sent >= 1, "nobody came through at all");
    // And the first login's code is right once, at both nodes at once.
    const [{ visitor, page, code }] = logins as [(typeof logins)[0], ...unknown[]];
    const again = await visitor.get(page.url.href);
    const form = formOf(again);
    const path = new URL(form.action, again.url).pathname;
    const headers = { cookie: cookiesFor(visitor, path) };
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        at(n).call("POST", path, {
          fields: { ...form.fields, ...(n % 4 < 3 ? { code } : { action: "resend" }) },
          headers,
        }),
      ),
    );
    const done = await site.look(async ({ audit, directory }) => {
      const subject = (await directory.find("eve"))?.id ?? "";
      return (await audit.query({ kind: "signed-in", subject, limit: 50 })).length;
    });
    assert.ok(done <= 2, `${done} sign-ins: the first one and at most one more`);
  });
});

/** Texts with a code; a notice is a text as well. */
async function codes(simulator: string): Promise<number> {
  const all = (await (await fetch(new URL("/messages", simulator))).json()) as { body: string }[];
  return all.filter(({ body }) => /#\d{6,10}$/.test(body)).length;
}
