/** The short verbs beside `sallyport cli`, against a demo, as an administrator types them. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { jsonOf, startDemo } from "../kit/demo.ts";
import type { Ending } from "../kit/processes.ts";
import { createVisitor } from "../kit/visitor.ts";

const demo = await startDemo();
const run = (line: string, input = ""): Promise<Ending> => demo.run(line.split(" "), { input });

/** It is done, and said so on standard output. */
async function done(line: string, said: RegExp, input = ""): Promise<string> {
  const { code, stdout, stderr } = await run(line, input);
  assert.deepEqual([code, stderr], [0, ""], `${line}: ${stdout}`);
  assert.match(stdout, said, line);
  return stdout;
}

/** It is not, and standard error says why in one sentence. */
async function fails(line: string, exitCode: number, said: RegExp, input = ""): Promise<void> {
  const { code, stdout, stderr } = await run(line, input);
  assert.deepEqual([code, stdout], [exitCode, ""], `${line}: ${stderr}`);
  assert.match(stderr, said, line);
}

describe("acrs and scripts", () => {
  test("list, disable with a new default, enable, default; discovery follows", async () => {
    await done("acr list", /^twilio_sms +40 +yes +yes$/m);
    await fails("acr disable twilio_sms", 1, /defaultAcr/);
    await done(
      "acr disable twilio_sms --default simple_password_auth",
      /The default is simple_password_auth\./,
    );
    const discovery = async () =>
      (await (await fetch(`${demo.origin}/.well-known/openid-configuration`)).json()) as {
        acr_values_supported: string[];
      };
    assert.deepEqual((await discovery()).acr_values_supported, ["simple_password_auth"]);
    await fails("acr default twilio_sms", 1, /INVALID_ACR: .*enable it first/);
    await done("acr enable twilio_sms", /is enabled/);
    await done("acr default twilio_sms", /The default is twilio_sms/);
    assert.equal(
      jsonOf(await run("acr list --json")).find((one: { default: boolean }) => one.default).acr,
      "twilio_sms",
    );
    await fails("acr enable twilio_smz", 1, /^The requested custom script doesn't exist: twilio_smz\n$/);
    for (const line of ["acr disable nope", "script get nope", "script set nope a=b"])
      await fails(line, 1, /custom script doesn't exist: nope\n$/);
  });

  test("script set: several at once, a secret from a file or standard input, and never shown", async () => {
    const token = "0123456789abcdef0123456789abcdef";
    writeFileSync(join(demo.folder, "token"), `${token}\n`);
    await done(
      "script set twilio_sms from_number=+12025550101 twilio_token=@token",
      /from_number, twilio_token changed/,
    );
    await done("script set twilio_sms twilio_token=-", /twilio_token changed/, token);
    const shown = await done("script get twilio_sms", /^from_number +\+12025550101/m);
    assert.match(shown, /^twilio_token +\(set\)/m);
    const all = jsonOf(await run("script get twilio_sms --json"));
    assert.ok(!JSON.stringify(all).includes(token) && !shown.includes(token));
    await fails("script set twilio_sms api_key_secret=canary", 2, /^api_key_secret is a secret/);
    await fails("script set twilio_sms nothing", 2, /property=value/);
    await fails("script set twilio_sms twilio_sid=AC00000000000000000000000000000001", 1, /twilio_token/);
    await fails("script set twilio_sms twilio_token=@none", 2, /none cannot be read \(ENOENT\)/);
  });
});

describe("people", () => {
  test("add with the password on standard input, show, roles, disable, enable, remove", async () => {
    await done(
      "user add eve --given-name Eve --family-name Moneypenny --email eve@example.org",
      /Added eve/,
      "a password of eve's\n",
    );
    await fails("user add eve", 1, /eve/, "a password of eve's");
    await fails("user add nobody", 2, /No password came on standard input/);
    assert.match(await done("user show eve", /^mail +eve@example\.org$/m), /^name +Eve Moneypenny$/m);
    await done("user list mone --json", /"userId": "eve"/);
    await done("user roles eve helpdesk auditor", /eve is auditor, helpdesk/);
    await done("user roles eve", /eve is auditor, helpdesk/);
    await done("user roles eve --none", /eve has no roles/);
    await fails("user roles eve king", 1, /"king" is no role/);
    await done("user disable eve", /eve is disabled/);
    await done("user list eve", /^eve .* inactive$/m);
    await done("user enable eve", /can sign in again/);
    assert.equal((await demo.run(["user", "remove", "eve", "--reason", "has left"])).code, 0);
    await fails("user show eve", 1, /There is no user eve\./);
  });

  test("phones: added when verified, listed masked, removed with a reason; a way to enrol", async () => {
    await fails("user phone add ada +447911123456 --reason seen", 2, /--verified/);
    await fails("user phone add ada +447911123456 --verified", 2, /--reason/);
    await fails("user phone add ada 12 --verified --reason seen", 1, /^number: is no telephone number; /);
    await done("user phone add ada +447911123456 --verified --reason seen", /ada has the phone •••• 56/);
    const list = await done("user phone list ada", /•••• 56 +[A-Z]{2} /);
    assert.ok(!list.includes("7911123456"));
    await done("user phone remove ada 56 --reason stolen", /no longer has the phone •••• 56/);
    await fails("user phone remove ada --reason stolen", 1, /ada has no such phone/);
    await done("user enrolment ada --ticket --reason called", /works once, within 24 hours: [A-Z0-9-]{16,}/);
    await done("user reset-phone grace --window --reason lost", /grace may bind a phone/);
    await fails("user enrolment ada --reason called", 1, /Say either --window or --ticket/);
    await done(
      "user password grace --temporary --reason new",
      /good for 72 hours, .*: ([2-9a-z]{5}-){3}[2-9a-z]{5}$/m,
    );
    await done("user password grace --must-change --reason note", /grace sets another password at the next/);
    const words = "seven quiet harbours at dawn\n";
    await done("user password grace --reason lent", /has to be changed at the next sign-in/, words);
    await done("user password grace --final --reason lent", /is set; every session/, words);
    await fails("user password grace --reason lent", 1, /password: It has 5 characters/, "short\n");
    await fails("user password grace --reason lent", 2, /No password came on standard input/);
    await fails("user password grace --temporary --final --reason lent", 2, /Say one of/);
    await done(
      "user password-ticket grace --reason seen",
      /within an hour, at http.*\/forgotten\/ticket: [A-Z0-9-]{19}$/m,
    );
  });

  test("sessions and audit: who did what", async () => {
    await done("session list", /^ID +USER/);
    await done("session end --user grace --reason test", /Every session of grace has ended/);
    await fails("session end", 2, /either the id of a session or --user/);
    await done("audit --user ada --limit 9", /authenticator-unbound|enrolment-opened/);
    const entries = jsonOf(
      await run("audit --json --limit 3 --kind session-ended,enrolment-opened,authenticator-unbound"),
    ) as { facts: { by: string } }[];
    assert.equal(entries.length, 3);
    assert.ok(entries.every(({ facts }) => facts.by === "client demo-cli"));
    await fails("audit --limit none", 2, /--limit must be a number/);
    await fails(
      "audit --kind session-endet",
      1,
      /^kind: there is no kind session-endet; did you mean session-ended\?\n$/,
    );
    await fails("audit --from yesterday", 1, /from: must be a time such as 2027-01-31T00:00:00Z\n$/);
  });

  test("trace: what happened in a login, for whoever is called by its person", async () => {
    const visitor = createVisitor({ origin: demo.origin });
    const page = await visitor.get("/demo/login?acr_values=twilio_sms");
    await visitor.submit(page, { username: "grace", password: "not hers" });
    const login = page.url.pathname.split("/").at(-1) ?? "";
    await done("trace --user grace", new RegExp(`^LOGIN .*\\n${login} +20.* open +demo$`, "m"));
    await done(`trace ${login}`, /^ {3}\+0\.0 s {2}\d\d:\d\d:\d\d {2}password wrong$/m);
    const { steps } = jsonOf(await run(`trace ${login} --json`));
    assert.deepEqual(
      steps.map(({ kind }: { kind: string }) => kind),
      ["password-wrong"],
    );
    await done(`audit --login ${login}`, /password-wrong/);
    await fails("trace nothing", 1, /^There is no login nothing; [^\n]*\n$/);
    await fails("trace", 2, /either the id of a login or --user/);
  });

  test("with --config the same words act on this host, and need no server", async () => {
    await fails("user disable ada --config none.yaml", 1, /none\.yaml cannot be read \(ENOENT\)/);
    await fails("audit verify --config none.yaml --from 1", 1, /none\.yaml cannot be read/);
    await fails("audit verify", 2, /--config/);
  });
});

test("an operation that a server does not have is said in one sentence", async () => {
  const { createServer } = await import("node:http");
  const document = { openapi: "3.1.0", paths: {}, components: {} };
  const server = createServer((_request, response) =>
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(document)),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const { code, stdout, stderr } = await demo.run(["session", "list", "--host", `127.0.0.1:${port}`], {
    env: { SALLYPORT_ACCESS_TOKEN: "x" },
  });
  server.close();
  assert.deepEqual([code, stdout], [1, ""]);
  assert.equal(
    stderr,
    `The server at http://127.0.0.1:${port} cannot do this: it has no operation get-sessions.\n`,
  );
});

test("S21: nothing a verb has printed holds the demo's own secret", async () => {
  const { client_secret: secret } = JSON.parse(readFileSync(join(demo.data, "cli.json"), "utf8"));
  const all = await Promise.all(
    ["user list --json", "script get twilio_sms --json", "audit --json"].map((one) => run(one)),
  );
  for (const { stdout, stderr } of all) assert.ok(!(stdout + stderr).includes(secret));
});
