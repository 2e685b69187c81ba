/** The enrolment API at two nodes of one PostgreSQL: begun at one, ended at the other, and once only at both at once. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { ENROL, numberOf } from "../kit/enrolment-api.ts";
import { noPostgres, startPostgres } from "../kit/postgres.ts";
import { type Called, CLIENT_SECRET, createSite, type Node, PASSWORD } from "../kit/serve.ts";

const machine = {
  client_id: "backend",
  client_secret: CLIENT_SECRET,
  grant_types: ["client_credentials"],
  scope: ENROL,
};

describe("the enrolment API at two nodes", { skip: noPostgres }, () => {
  test("M11 O05: the right code at both nodes at once binds one phone, and wrong ones are counted together", async () => {
    const site = await createSite({
      config: {
        store: { type: "postgres", url: (await startPostgres()).url, pool: 5 },
        master_key: randomBytes(32).toString("base64"),
        portal: { applicationsAlone: "first-phone" },
        countries: "all",
        clients: [machine],
      },
    });
    for (const name of ["ines", "jana"])
      assert.equal((await site.command(["user", "add", name], PASSWORD)).code, 0);
    const nodes = [
      await site.start(undefined, { data: "data-a" }),
      await site.start(undefined, { data: "data-b" }),
    ] as [Node, Node];
    const idOf = (name: string) =>
      site.look(async ({ directory }) => (await directory.find(name))?.id ?? assert.fail(name));
    const basic = Buffer.from(`backend:${CLIENT_SECRET}`).toString("base64");
    const answer = await nodes[0].call("POST", "/token", {
      fields: { grant_type: "client_credentials", scope: ENROL },
      headers: { authorization: `Basic ${basic}` },
    });
    const token = String(answer.json().access_token);
    const call = (node: Node, path: string, json: object): Promise<Called> =>
      node.call("POST", `/jans-casa/rest/enrollment/twilio_sms/${path}`, {
        json,
        headers: { authorization: `Bearer ${token}` },
      });
    async function sent(node: Node, userid: string, number: string) {
      const before = (await site.simulator.messages()).length;
      const said = await call(node, "send-code", { userid, number });
      assert.equal(said.status, 200, said.body);
      const text = (await site.simulator.messages()).slice(before).find(({ to }) => to === number);
      return { key: said.json().key, code: /#(\d+)$/.exec(text?.body ?? "")?.[1] ?? assert.fail("no code") };
    }

    const ines = await idOf("ines");
    const { key, code } = await sent(nodes[0], ines, numberOf(1));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        call(nodes[n % 2] as Node, "validate-code", { userid: ines, key, code }),
      ),
    );
    const matches = answers.filter(({ body }) => body.includes('"MATCH"'));
    assert.equal(matches.length, 1, answers.map(({ status }) => status).join());
    const bound = await site.look(({ authenticators }) => authenticators.list(ines, "sms"));
    assert.equal(bound.length, 1);

    const jana = await idOf("jana");
    const other = await sent(nodes[1], jana, numberOf(2));
    const wrong = String((Number(other.code) + 1) % 1_000_000).padStart(6, "0");
    for (let n = 0; n < 12; n += 1)
      await call(nodes[n % 2] as Node, "validate-code", { userid: jana, key: other.key, code: wrong });
    const tries = await site.look(({ audit }) =>
      audit.query({ kind: "code-wrong", subject: jana, limit: 50 }),
    );
    assert.equal(tries.filter(({ facts }) => facts?.result === "wrong").length, 5);
    const late = await call(nodes[0], "validate-code", { userid: jana, key: other.key, code: other.code });
    assert.equal(late.json().code, "NO_MATCH_OR_EXPIRED", "after five tries the right one is worth nothing");
  });
});
