/** `sallyport sms …` on the host, and what the program says of test numbers when it starts. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { codeAt, createSite, PASSWORD } from "../kit/serve.ts";
import { wish } from "../kit/sign-in.ts";
import { codeOf, startSimulator } from "../kit/simulator.ts";

const site = await createSite();
const none = { dayOpen: 0, dayVerified: 0, hourOpen: 0, hourVerified: 0, best: 0 };

test("replay says what a setting would have blocked, and a bad file where it is wrong", async () => {
  await site.look(({ store }) =>
    store.decisions.add(
      [2, 5, 9].map((hourOpen) => ({
        at: Date.now() - 3_600_000,
        login: "l",
        client: "spa",
        country: "GB",
        phone: "•••• 56",
        address: "192.0.2.1",
        blocked: false,
        evidence: { country: { ...none, hourOpen }, block: none, address: none, countries: 1 },
      })),
    ),
  );
  const file = join(site.folder, "settings.yaml");
  const run = (pumping: string, since = "7d") => {
    writeFileSync(file, pumping);
    return site.command(["sms", "replay", "--since", since, "--with", file]);
  };
  assert.match(
    (await run("pumping: { mode: protect }")).stdout,
    /Of 3 typed numbers, .* blocked 2\.[\s\S]*2 {2}country, hour[\s\S]*2 {2}GB/,
  );
  assert.match((await run("pumping: { mode: protect, country: { hour: 9 } }")).stdout, /blocked 1\./);
  assert.match((await run("pumping: {}", "30h")).stdout, /Of 3/);
  const wrong = await run("pumping: { dayShare: 500 }");
  assert.deepEqual(
    [wrong.code, /settings\.yaml: pumping\.dayShare: /.test(wrong.stderr)],
    [1, true],
    wrong.stderr,
  );
  assert.match((await run("pumping: {}", "soon")).stderr, /12h or 7d/);
  const broken = await run('pumping: { mode: "protect }');
  assert.match(broken.stderr, /^\S*settings\.yaml is not YAML: line 1, column \d+: .*quote.*\n$/);
  const missing = await site.command(["sms", "replay", "--since", "14d", "--with", "none.yaml"]);
  assert.deepEqual([missing.code, missing.stderr], [1, "--with: none.yaml cannot be read (ENOENT).\n"]);
});

test("spend adds up what stands in the ledger", async () => {
  await site.look(({ store }) =>
    store.spend.add([
      {
        day: "2027-01-31",
        country: "DE",
        client: "spa",
        channel: "sms",
        count: 3,
        estimate: 330_000,
        settled: 110_000,
        actual: 75_000,
      },
    ]),
  );
  const { stdout } = await site.command(["sms", "spend", "--from", "2027-01-01", "--to", "2027-01-31"]);
  assert.match(stdout, /2027-01-31 {2}DE {2}sms {8}3 {8}0\.2950 {2}spa\n3 in all, 0\.2950/);
  assert.equal((await site.command(["sms", "spend", "--from", "yesterday"])).code, 1);
});

test("test numbers are shown at the start and by the command, without number and code", async () => {
  const until = new Date(Date.now() + 86_400_000).toISOString();
  await site.look(({ settings, now }) =>
    settings.change({
      change: (document) => ({
        ...document,
        testNumbers: [
          {
            number: "+12025550177",
            code: "135790",
            owner: "Ines of the app team",
            reason: "a review of the app",
            from: new Date(now()).toISOString(),
            until,
          },
        ],
      }),
      by: "test",
      what: "test numbers",
    }),
  );
  const said =
    /Test number •••• 77: its code is fixed until .* \(Ines of the app team: a review of the app\)\./;
  const { stdout } = await site.command(["sms", "test-numbers"]);
  assert.match(stdout, said);
  const node = await site.start();
  assert.match(node.program.stderr(), said);
  assert.ok(!(stdout + node.program.stderr()).includes("135790"));
});

test("the file names test numbers and a second account: shown at the start, and the second brings what the first refuses", async () => {
  const spare = await startSimulator();
  after(() => spare.close());
  const until = new Date(Date.now() + 86_400_000).toISOString();
  const own = await createSite({
    env: { SPARE_TOKEN: spare.account.token },
    config: {
      countries: "all",
      gateways: [
        {
          name: "spare",
          type: "twilio",
          properties: {
            twilio_sid: spare.account.sid,
            twilio_token: { env: "SPARE_TOKEN" },
            from_number: "+12025550111",
            api_base: spare.url,
          },
        },
      ],
      test_numbers: [
        {
          number: "+12025550177",
          code: "135790",
          owner: "Ines of the app team",
          reason: "a review of the app",
          from: new Date(Date.now() - 1000).toISOString(),
          until,
        },
      ],
    },
  });
  const node = await own.start();
  assert.match(node.program.stderr(), /Test number •••• 77: its code is fixed until/);
  assert.ok(!node.program.stderr().includes("135790"));
  assert.equal((await own.command(["user", "add", "ada"], PASSWORD)).code, 0);
  await own.simulator.fault({ status: 401, times: "always" });
  const visitor = node.visitor();
  const phone = await visitor.submit(await visitor.get(wish({}).url), {
    username: "ada",
    password: PASSWORD,
  });
  const code = await visitor.submit(phone, { phone: "+12025550147" });
  const { body } = await spare.nextMessage("+12025550147");
  codeAt(await visitor.submit(code, { code: codeOf({ body }) }));
  assert.deepEqual(await own.simulator.messages(), []);
});
