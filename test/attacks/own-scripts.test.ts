/** Scripts of one's own: taken, run, changed while people sign in, and what becomes of those that go wrong. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import { startServer, twoSteps, typePassword } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const SCRIPTS = "/api/v1/config/scripts";
const TWILIO = "6122281b-b55d-4dd0-8115-b098eeeee2b7";
const server = await startServer({ clients: machines, hashCost: { memory: 64, passes: 1, lanes: 1 } });
let token = await tokenOf(server);
const call = (method: string, path: string, body?: unknown) => callApi(server, token, method, path, body);
const named = async (name: string) => (await call("GET", `${SCRIPTS}/name/${name}`)).json;
const put = async (name: string, change: Record<string, unknown>) =>
  call("PUT", SCRIPTS, { ...(await named(name)), ...change });
const add = (name: string, script: string, more: Record<string, unknown> = {}) =>
  call("POST", SCRIPTS, { name, script, level: 45, enabled: true, ...more });
const start = (acr: string, visitor = server.visitor()) =>
  visitor
    .get(server.authorizeUrl({ client_id: "doc", nonce: "n", state: "s", acr_values: acr }))
    .then((page) => ({ visitor, page }));
const claimsOf = async (url: URL): Promise<{ acr: string; amr: string[] }> => {
  const answer = await fetch(new URL("/token", server.issuer), {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from("doc:a-secret-of-the-web-client").toString("base64")}` },
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code: url.searchParams.get("code") ?? "",
      redirect_uri: "https://rp.example.test/callback",
    }),
  });
  const { id_token = "" } = (await answer.json()) as { id_token?: string };
  return JSON.parse(Buffer.from(id_token.split(".")[1] ?? "", "base64url").toString());
};
const numberOf = async (username: string, claims: Record<string, string>) => {
  const user = await server.parts.directory.find(username);
  await server.parts.directory.write?.setClaims(user?.id ?? "", { ...user?.claims, ...claims });
};
const sentTo = async () => (await server.simulator.messages()).at(-1)?.to;

const PIN = `
import type { FactorScript, MechanismScript } from "sallyport/mechanism";

/** The last four digits of the badge, kept in the directory. */
export const factor: FactorScript = {
  kind: "badge",
  method: "kba",
  held: (person) => typeof person.claims.badge === "string",
  challenge: {
    view: (login) => ({ heading: \`Your badge, \${login.username}\`, label: "Last four digits", input: "digits" }),
    async authenticate(_login, form, ports) {
      const { claims } = await ports.person();
      return String(claims.badge).endsWith(form.answer ?? "-") && form.answer?.length === 4
        ? { kind: "proved" }
        : { kind: "retry", problem: "That is not on your badge." };
    },
  },
};
export const mechanism: MechanismScript = { requires: ["password", "badge"] };
`;

describe("the original's own example: change the attribute by altering the script", () => {
  test("the number comes from the attribute that the script names, and with the script put back from where it came", async () => {
    await numberOf("ada", { mobile: "+1 202 555 0181", telephoneNumber: "+1 202 555 0182" });
    const shipped = await named("twilio_sms");
    assert.match(shipped.script, /from "sallyport\/mechanism"/);
    const altered = (attribute: string) =>
      shipped.script.replace(
        /^export const mechanism.*$/m,
        `export const mechanism: MechanismScript = { requires: ["password", "sms"], phoneAttribute: "${attribute}" };`,
      );
    for (const [attribute, number] of [
      ["mobile", "+12025550181"],
      ["telephoneNumber", "+12025550182"],
    ] as const) {
      const saved = await put("twilio_sms", { script: altered(attribute) });
      assert.equal(saved.status, 200, saved.text);
      assert.deepEqual([saved.json.modified, saved.json.inum], [true, TWILIO]);
      const { visitor, page } = await start("twilio_sms");
      const end = await twoSteps(server, visitor, page, "ada", number);
      assert.equal(await sentTo(), number);
      assert.deepEqual((await claimsOf(end.url)).amr, ["pwd", "sms", "mfa"]);
    }
    const back = await put("twilio_sms", { script: shipped.script });
    assert.deepEqual([back.status, back.json.modified, back.json.script], [200, false, shipped.script]);
    const { visitor, page } = await start("twilio_sms");
    assert.match((await typePassword(visitor, page, "ada")).body, /name="phone"/, "she has bound none");
  });

  test("an empty text is the way back, too, and the history has every step", async () => {
    const before = await named("twilio_sms");
    assert.equal((await put("twilio_sms", { script: `${before.script}\n// mine` })).json.modified, true);
    const reset = await put("twilio_sms", { script: "" });
    assert.deepEqual([reset.json.modified, reset.json.script], [false, before.script]);
    assert.equal(reset.json.revision, before.revision + 2);
    const [last] = (await call("GET", "/api/v1/config/settings/history?limit=1")).json.entries;
    assert.equal(last.what, "script twilio_sms: source");
  });
});

describe("a script is looked at before it is taken", () => {
  const faulty: readonly (readonly [string, string, RegExp])[] = [
    [
      "does not parse",
      "export const mechanism = {\n  requires: [],,\n};",
      /script: line 2, column 16: Unexpected/,
    ],
    ["exports nothing", "const mechanism = {};", /exports neither `mechanism` nor `factor`/],
    ["throws when loaded", "\nthrow new Error('no luck');", /line 2, column 7: no luck/],
    ["has an unknown package", 'import "left-pad-of-mine";', /left-pad-of-mine is not in the folder custom/],
    [
      "jumps over a factor",
      'export const mechanism = { requires: ["password", "sms"], next: () => undefined };',
      /with nothing shown, next answered nothing/,
    ],
    [
      "asks for ever",
      'export const mechanism = { requires: ["password", "sms"], next: () => ({ factor: "password", act: "challenge" }) };',
      /asks for password again/,
    ],
    [
      "claims a method that the server proves",
      `${PIN.replace('"kba"', '"sms"')}`,
      /factor\.method must be one of kba, otp, pin/,
    ],
    ["takes a kind of the server", PIN.replaceAll('"badge"', '"sms"'), /sms/],
    ["requires what is not there", 'export const mechanism = { requires: ["password", "iris"] };', /iris/],
    ["says not who signs in", 'export const mechanism = { requires: ["sms"] };', /must require password/],
    ["uses what strips to nothing", "enum A { B }", /line 1, column 1: .*enum/],
    ["spins while it is loaded", "for (;;) {}", /longer than 10 s/],
  ];
  for (const [name, script, sentence] of faulty)
    test(`S16: one that ${name} is refused in a sentence, and the old revision serves on`, async () => {
      const before = await call("GET", `${SCRIPTS}?limit=50`);
      const refused = await add("mine", script);
      assert.equal(refused.status, 400, refused.text);
      assert.match(refused.json.description, sentence);
      // Ten seconds are enough of the one that spins.
      const changed = script.startsWith("for") ? refused : await put("twilio_sms", { script });
      assert.equal(changed.status, 400, changed.text);
      assert.deepEqual((await call("GET", `${SCRIPTS}?limit=50`)).json, before.json);
    });

  test("location_type file: read from custom/ below the data folder, with its packages, and from nowhere else", async () => {
    const custom = join(server.folder, "custom");
    mkdirSync(join(custom, "node_modules", "two"), { recursive: true });
    writeFileSync(join(custom, "node_modules", "two", "package.json"), '{"name":"two","main":"index.js"}');
    writeFileSync(join(custom, "node_modules", "two", "index.js"), 'module.exports = ["password", "sms"];');
    writeFileSync(join(custom, "kinds.ts"), "export const extra: readonly string[] = [];");
    writeFileSync(
      join(custom, "filed.ts"),
      'import two from "two";\nimport { extra } from "./kinds.ts";\nexport const mechanism = { requires: [...two, ...extra] };',
    );
    const location = (path: string) => ({
      moduleProperties: [
        { value1: "location_type", value2: "file" },
        { value1: "location_path", value2: path },
      ],
    });
    const added = await call("POST", SCRIPTS, {
      name: "filed",
      level: 44,
      enabled: true,
      ...location("filed.ts"),
    });
    assert.equal(added.status, 201, added.text);
    assert.deepEqual([added.json.locationType, added.json.locationPath], ["file", "filed.ts"]);
    const { visitor, page } = await start("filed");
    const end = await twoSteps(server, visitor, page);
    assert.equal((await claimsOf(end.url)).acr, "filed");
    symlinkSync(join(server.folder, "master.key"), join(custom, "key.ts"));
    for (const path of [
      "../master.key",
      join(server.folder, "sallyport.db"),
      "key.ts",
      "/etc/passwd",
      "none.ts",
    ]) {
      const refused = await call("POST", SCRIPTS, { name: "thief", ...location(path) });
      assert.equal(refused.status, 400, path);
      assert.match(refused.json.description, /must name a script below|cannot be read below/);
    }
    assert.equal((await call("DELETE", `${SCRIPTS}/${added.json.inum}`)).status, 204);
    rmSync(custom, { recursive: true });
  });
});

describe("a factor of one's own", () => {
  test("the person answers its question; the gate names the acr, and two things one knows are no mfa", async () => {
    await numberOf("ada", { badge: "9912" });
    const added = await add("badge", PIN, { level: 30 });
    assert.equal(added.status, 201, added.text);
    const { visitor, page } = await start("badge");
    const question = await typePassword(visitor, page, "ada");
    assert.match(textOf(question.body), /Your badge, ada/);
    assert.match(question.body, /name="answer"[^>]*inputmode="numeric"/);
    const wrong = await visitor.submit(question, { answer: "0000" });
    assert.match(textOf(wrong.body), /That is not on your badge\./);
    const end = await visitor.submit(wrong, { answer: "9912" });
    const { acr, amr } = await claimsOf(end.url);
    assert.deepEqual([acr, amr], ["badge", ["pwd", "kba"]]);
  });

  test("M02: wrong answers are counted over logins by the server, whatever the script thinks of them", async () => {
    const { pauseAfter } = server.parts.settings.document().limits;
    for (let count = 0; count < pauseAfter; count += 1) {
      const { visitor, page } = await start("badge");
      await visitor.submit(await typePassword(visitor, page, "ada"), { answer: "1111" });
    }
    const { visitor, page } = await start("badge");
    const paused = await visitor.submit(await typePassword(visitor, page, "ada"), { answer: "9912" });
    assert.match(textOf(paused.body), /Too many wrong answers\./);
    server.advance(16 * 60_000);
    token = await tokenOf(server);
    const again = await start("badge");
    const end = await again.visitor.submit(await typePassword(again.visitor, again.page, "ada"), {
      answer: "9912",
    });
    assert.match(end.url.search, /code=/);
  });

  test("who has no such thing is told; the acr is never given without it", async () => {
    const { visitor, page } = await start("badge");
    assert.match(textOf((await typePassword(visitor, page, "grace")).body), /A second step is missing/);
  });

  test("it counts for no administrator as the second factor, and a script in use cannot be taken away", async () => {
    const { acr_values_supported } = (await (
      await fetch(new URL("/.well-known/openid-configuration", server.issuer))
    ).json()) as { acr_values_supported: string[] };
    assert.ok(acr_values_supported.includes("badge"));
    const user = await add("badge-user", 'export const mechanism = { requires: ["password", "badge"] };', {
      level: 31,
    });
    assert.equal(user.status, 201, user.text);
    const refused = await put("badge", { enabled: false });
    assert.match(refused.json.description, /badge-user requires the factor badge/);
    assert.equal((await call("DELETE", `${SCRIPTS}/${user.json.inum}`)).status, 204);
  });
});

describe("ports", () => {
  const example = readFileSync(new URL("../../examples/own-mechanism/badge.ts", import.meta.url), "utf8")
    // Another script of this file brings a badge as well.
    .replaceAll('"badge"', '"tag"');

  test("a factor is bound behind a fresh password, asked for at the next sign-in, and audited", async () => {
    const added = await add("tag", example, { level: 32 });
    assert.equal(added.status, 201, added.text);
    const first = await start("tag");
    const binding = await typePassword(first.visitor, first.page, "grace");
    assert.match(textOf(binding.body), /Add your badge/);
    const short = await first.visitor.submit(binding, { answer: "12" });
    assert.match(textOf(short.body), /six digits/);
    assert.deepEqual((await claimsOf((await first.visitor.submit(short, { answer: "12 34 56" })).url)).amr, [
      "pwd",
      "kba",
    ]);
    const second = await start("tag");
    const question = await typePassword(second.visitor, second.page, "grace");
    assert.match(textOf(question.body), /Your badge/);
    const wrong = await second.visitor.submit(question, { answer: "654321" });
    assert.match(textOf(wrong.body), /not the number on your badge/);
    assert.match((await second.visitor.submit(wrong, { answer: "123456" })).url.search, /code=/);
    const grace = await server.parts.directory.find("grace");
    const bound = await server.parts.audit.query({
      kind: "authenticator-bound",
      subject: grace?.id ?? "",
      limit: 10,
    });
    assert.ok(bound.some(({ facts }) => facts?.factor === "tag"));
    const other = await start("tag");
    assert.match(
      textOf((await typePassword(other.visitor, other.page, "ada")).body),
      /Add your badge/,
      "what grace has bound is hers alone",
    );
  });

  test("O12: the server's own code goes to the person's phone, is compared by the server, and never seen by the script", async () => {
    const added = await add(
      "text",
      `export const factor = {
        kind: "text", method: "otp", held: () => true,
        challenge: {
          prepare: async (_login, ports) => ({ sent: await ports.sms.send() }),
          view: (login) => ({ heading: "Sent to " + login.state.sent.phone, label: "Code", input: "digits" }),
          authenticate: async (login, form, ports) =>
            (await ports.sms.check(form.answer)) === "right"
              ? { kind: "proved" }
              : { kind: "retry", problem: "Not that: " + JSON.stringify(login) },
        },
      };
      export const mechanism = { requires: ["password", "text"] };`,
      { level: 33 },
    );
    assert.equal(added.status, 201, added.text);
    const before = (await server.simulator.messages()).length;
    const { visitor, page } = await start("text");
    const question = await typePassword(visitor, page, "grace");
    assert.match(textOf(question.body), /Sent to •••• 43/);
    const code = await server.simulator.codeAfter(before, "+12025550143");
    const wrong = await visitor.submit(question, { answer: code === "000000" ? "000001" : "000000" });
    assert.match(textOf(wrong.body), /Not that/);
    assert.ok(!wrong.body.includes(code), "all the script knows of the login holds no code");
    const end = await visitor.submit(wrong, { answer: code });
    assert.deepEqual((await claimsOf(end.url)).amr, ["pwd", "otp", "mfa"]);
    assert.equal((await call("DELETE", `${SCRIPTS}/${added.json.inum}`)).status, 204);
  });

  test("what a port may not do is an error in the script, and its login ends", async () => {
    const asks: readonly (readonly [string, RegExp])[] = [
      ["await ports.authenticators.bind({ a: 1 })", /in an enrol step alone/],
      ["await ports.authenticators.bind(() => 1)", /could not be cloned/],
    ];
    for (const [ask, sentence] of asks) {
      const added = await add(
        "asking",
        `export const factor = { kind: "asking", method: "pin", held: () => true, challenge: {
          view: () => ({ heading: "Q", label: "A" }),
          authenticate: async (_login, _form, ports) => { ${ask}; return { kind: "proved" }; } } };
        export const mechanism = { requires: ["password", "asking"] };`,
      );
      assert.equal(added.status, 201, added.text);
      const { visitor, page } = await start("asking");
      const end = await visitor.submit(await typePassword(visitor, page, "grace"), { answer: "1" });
      assert.equal(end.status, 403);
      assert.match((await named("asking")).scriptError.stackTrace, sentence);
      assert.equal((await call("DELETE", `${SCRIPTS}/${added.json.inum}`)).status, 204);
    }
  });

  test("a script that fails whenever it is asked is no matter of another acr's page", async () => {
    const added = await add(
      "above",
      `export const factor = { kind: "above", method: "pin", held: () => { throw new Error("held"); },
        challenge: { view: () => ({ heading: "Q", label: "A" }), authenticate: () => ({ kind: "stop" }) } };
      export const mechanism = { requires: ["password", "above"] };`,
      { level: 90 },
    );
    assert.equal(added.status, 201, added.text);
    const { visitor, page } = await start("twilio_sms");
    const end = await twoSteps(server, visitor, page);
    assert.equal((await claimsOf(end.url)).acr, "twilio_sms");
    assert.equal((await named("above")).scriptError, undefined, "nobody has asked it");
    assert.equal((await call("DELETE", `${SCRIPTS}/${added.json.inum}`)).status, 204);
  });
});

describe("M30, S16: a script that goes wrong while people sign in", () => {
  const going = (act: string) => `
    export const factor = {
      kind: "wrong",
      method: "pin",
      held: () => true,
      challenge: { view: () => ({ heading: "A question", label: "Answer" }), authenticate: () => { ${act} } },
    };
    export const mechanism = { requires: ["password", "wrong"] };`;
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["throws", 'throw new Error("on purpose");', /line 6, column \d+: on purpose/],
    ["loops for ever", "for (;;) {}", /took longer than 5 s/],
    ["grows", "const all = []; for (;;) all.push(new Array(1000).fill(1));", /grew beyond 64 MB/],
    [
      "grows outside of the heap",
      "const all = []; for (;;) all.push(Buffer.alloc(1e6, 1));",
      /grew beyond 64 MB/,
    ],
    ["ends its process", "process.exit(0);", /ended itself/],
    ["answers what it may not", 'return { kind: "proved", method: "hwk" };', /answered what it may not/],
    ["never answers", "return new Promise(() => {});", /took longer than 5 s/],
  ];
  for (const [name, act, sentence] of cases)
    test(`one that ${name}: its login ends with the stop page, its error is kept, everything else goes on`, async () => {
      const added = await add("wrong", going(act));
      assert.equal(added.status, 201, added.text);
      const { visitor, page } = await start("wrong");
      const question = await typePassword(visitor, page, "grace");
      const ending = visitor.submit(question, { answer: "1" });
      const others = await Promise.all(
        [1, 2].map(async () => {
          const other = await start("simple_password_auth");
          return typePassword(other.visitor, other.page, "grace");
        }),
      );
      for (const other of others) assert.match(other.url.search, /code=/);
      const end = await ending;
      assert.equal(end.status, 403);
      assert.match(textOf(end.body), /This way of signing in is out of order/);
      const { scriptError } = await named("wrong");
      assert.match(scriptError.stackTrace, sentence);
      assert.ok(Math.abs(Date.parse(scriptError.raisedAt) - Date.now()) < 3_600_000);
      const { revision } = await named("wrong");
      const fixed = await put("wrong", { script: going('return { kind: "proved" };') });
      assert.deepEqual([fixed.json.revision, fixed.json.scriptError], [revision + 1, undefined]);
      const again = await start("wrong");
      const done = await again.visitor.submit(await typePassword(again.visitor, again.page, "grace"), {
        answer: "1",
      });
      assert.deepEqual((await claimsOf(done.url)).amr, ["pwd", "pin"]);
      assert.equal((await call("DELETE", `${SCRIPTS}/${added.json.inum}`)).status, 204);
    });

  test("a login under way ends on the revision it began on", async () => {
    const version = (word: string) =>
      going('return { kind: "proved" };')
        .replace("A question", `Question ${word}`)
        .replaceAll("wrong", "slow");
    const added = await add("slow", version("one"));
    assert.equal(added.status, 201, added.text);
    const first = await start("slow");
    const question = await typePassword(first.visitor, first.page, "grace");
    assert.match(textOf(question.body), /Question one/);
    assert.equal((await put("slow", { script: version("two") })).status, 200);
    assert.match(textOf((await first.visitor.get(question.url.href)).body), /Question one/);
    const second = await start("slow");
    assert.match(textOf((await typePassword(second.visitor, second.page, "grace")).body), /Question two/);
    assert.match((await first.visitor.submit(question, { answer: "1" })).url.search, /code=/);
  });
});
