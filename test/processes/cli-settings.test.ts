/** `sallyport client …` and `sallyport config …`: relying parties, and the settings as one file. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parse, stringify } from "yaml";
import { jsonOf, startDemo } from "../kit/demo.ts";

const demo = await startDemo();
const run = (line: string, env: Readonly<Record<string, string>> = {}) => demo.run(line.split(" "), { env });
const at = (name: string): string => join(demo.folder, name);
const brand = async () => jsonOf(await run("config export --json")).brand as string;

describe("client", () => {
  test("S21: a new secret is made here, kept in a 0600 file, and works; it is in no output", async () => {
    const scope = "https://jans.io/oauth/config/acrs.readonly";
    const added = await run(`client add reports --machine --secret-file reports-secret --scope ${scope}`);
    assert.deepEqual([added.code, added.stderr], [0, ""]);
    assert.equal(statSync(at("reports-secret")).mode & 0o777, 0o600);
    const secret = readFileSync(at("reports-secret"), "utf8").trim();
    const shown = await run("client show reports");
    assert.deepEqual(jsonOf(shown).grantTypes, ["client_credentials"]);
    const list = await run("client list");
    assert.match(list.stdout, /^reports /m);
    for (const { stdout } of [added, shown, list]) assert.ok(!stdout.includes(secret));
    const as = `--host ${demo.origin} --client-id reports --client-secret-file reports-secret`;
    assert.equal((await run(`cli --operation-id get-acrs ${as}`)).code, 0);
    assert.equal((await run(`acr default twilio_sms ${as}`)).code, 3, "and may no more than it was given");
    assert.equal((await run("client remove reports")).code, 0);
    assert.equal((await run(`cli --operation-id get-acrs ${as}`)).code, 3);
  });

  test("an application with a browser; what does not fit is refused, and no file is left for it", async () => {
    const redirect = "--redirect-uri https://app.example.org/cb";
    assert.equal((await run(`client add spa --public ${redirect} --acr twilio_sms --trusted`)).code, 0);
    const spa = jsonOf(await run("client show spa"));
    assert.deepEqual(
      [spa.tokenEndpointAuthMethod, spa.redirectUris, spa.defaultAcrValues, spa.trustedClient],
      ["none", ["https://app.example.org/cb"], ["twilio_sms"], true],
    );
    const twice = await run(`client add spa ${redirect} --secret-file spare`);
    assert.deepEqual([twice.code, existsSync(at("spare"))], [1, false]);
    for (const line of [`client add x ${redirect}`, `client add x ${redirect} --public --secret-file y`])
      assert.equal((await run(line)).code, 2);
    assert.equal(existsSync(at("y")), false);
  });
});

describe("client, disabled", () => {
  test("what the server names as the way back for a disabled client is one", async () => {
    const one = "cli --operation-id patch-oauth-openid-client-by-inum --url-suffix inum:demo";
    const off = await run(`${one} --patch-replace disabled:true`);
    assert.equal(off.code, 0, off.stderr);
    const said = (await run("config explain --client demo")).stdout.replaceAll(/\s+/g, " ");
    const [, way = ""] = /: sallyport (cli [^.]*)\.?/.exec(said) ?? [];
    assert.equal((await run(way.trim().split(" ").slice(0, 7).join(" "))).code, 0, said);
    assert.equal(jsonOf(await run("client show demo")).disabled, false);
  });
});

describe("config", () => {
  test("S19 S21: what is exported holds no secret; applied as it is, it changes nothing", async () => {
    const exported = await run("config export");
    assert.equal(exported.code, 0, exported.stderr);
    const { token } = JSON.parse(readFileSync(join(demo.data, "simulator.json"), "utf8"));
    const { client_secret: machine } = JSON.parse(readFileSync(join(demo.data, "cli.json"), "utf8"));
    assert.ok(!exported.stdout.includes(token) && !exported.stdout.includes(machine));
    writeFileSync(at("settings.yaml"), exported.stdout);
    const { revision } = parse(exported.stdout);
    for (const line of ["config diff settings.yaml --exit-code", "config apply settings.yaml"]) {
      const { code, stdout, stderr } = await run(line);
      assert.deepEqual([code, stdout], [0, ""], stderr);
    }
    assert.equal(jsonOf(await run("config export --json")).revision, revision);
    // Null left the secrets as they are: the machine that asks here still may.
    assert.equal((await run("acr list")).code, 0);
  });

  test("diff says what would change, apply changes it, and a second time there is nothing to do", async () => {
    const text = readFileSync(at("settings.yaml"), "utf8").replace(/^brand: .*$/m, "brand: Example");
    writeFileSync(at("settings.yaml"), text);
    const diff = await run("config diff settings.yaml --exit-code");
    assert.deepEqual([diff.code, diff.stdout], [1, 'brand: "Sallyport" -> "Example"\n']);
    assert.equal(await brand(), "Sallyport");
    assert.deepEqual((await run("config apply settings.yaml")).code, 0);
    assert.equal(await brand(), "Example");
    const again = await run("config apply settings.yaml");
    assert.deepEqual([again.code, again.stdout], [0, ""]);
    assert.match(again.stderr, /^Nothing to change/);
  });

  test("S20: a file made before somebody else's change is refused; without its revision it is applied", async () => {
    const mine = parse(readFileSync(at("settings.yaml"), "utf8"));
    writeFileSync(at("late.yaml"), stringify({ ...mine, brand: "Mine" }));
    const late = await run("config apply late.yaml");
    assert.deepEqual([late.code, late.stdout], [5, ""]);
    assert.match(late.stderr, /take the line revision out of late\.yaml/);
    assert.equal(await brand(), "Example");
    writeFileSync(at("part.yaml"), "brand: Mine\n");
    assert.equal((await run("config apply part.yaml")).code, 0);
    assert.equal(await brand(), "Mine");
  });

  test("secrets come from where the file says; a fault is named by its place, and nothing has changed", async () => {
    const secret = "0123456789abcdef0123456789abcdef";
    writeFileSync(at("token"), `${secret}\n`);
    const { properties } = jsonOf(await run("config export --json")).scripts.twilio_sms;
    const withToken = (value: unknown) => {
      const scripts = { twilio_sms: { properties: { ...properties, twilio_token: value } } };
      writeFileSync(at("token.yaml"), stringify({ scripts }));
    };
    withToken({ file: "token" });
    const applied = await run("config apply token.yaml");
    assert.equal(applied.code, 0, applied.stderr);
    assert.equal(
      applied.stdout,
      "scripts.twilio_sms.properties.twilio_token: (a secret) -> (another secret)\n",
    );
    withToken({ env: "TWILIO_TOKEN" });
    assert.match((await run("config diff token.yaml")).stderr, /variable TWILIO_TOKEN is not set/);
    assert.match(
      (await run("config diff token.yaml", { TWILIO_TOKEN: secret })).stderr,
      /says what the server has/,
    );
    writeFileSync(at("wrong.yaml"), "brand: Wrong\ndefaultAcr: nope\n");
    for (const verb of ["diff", "apply"]) {
      const { code, stdout, stderr } = await run(`config ${verb} wrong.yaml`);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, /defaultAcr: /);
    }
    assert.equal(await brand(), "Mine");
    writeFileSync(at("broken.yaml"), `brand: "canary-5vJm2\n`);
    const broken = await run("config apply broken.yaml");
    assert.deepEqual(
      [broken.code, broken.stderr],
      [
        2,
        "broken.yaml is neither YAML nor JSON: line 2, column 1: a quote, a bracket or a comma is missing.\n",
      ],
    );
  });
});

describe("sms stop and go", () => {
  const sending = async () => jsonOf(await run("config export --json")).sending;

  test("the switch stops every text and gives back the site's own limits as they were", async () => {
    const { sending: shipped } = jsonOf(await run("config export --json"));
    const strangers = { ...shipped.strangers, address: { hour: 77, day: 99 } };
    writeFileSync(at("limits.yaml"), stringify({ sending: { ...shipped, strangers } }));
    assert.equal((await run("config apply limits.yaml")).code, 0);
    const own = await sending();
    assert.deepEqual(own.strangers.address, { hour: 77, day: 99 });

    const stop = await run("sms stop");
    assert.deepEqual([stop.code, stop.stdout], [0, "sending.stopped: false -> true\n"], stop.stderr);
    assert.match(stop.stderr, /^No text goes out until sallyport sms go\. This is revision \d+\.$/m);
    assert.deepEqual(await sending(), { ...own, stopped: true });
    const explained = await run("config explain --client demo --user grace --acr twilio_sms");
    assert.match(explained.stdout.replaceAll(/\s+/g, " "), /emergency switch is on .* sallyport sms go\./);
    const again = await run("sms stop");
    assert.deepEqual([again.code, again.stdout], [0, ""]);

    const go = await run("sms go");
    assert.deepEqual([go.code, go.stdout], [0, "sending.stopped: true -> false\n"], go.stderr);
    assert.deepEqual(await sending(), own);
    assert.match((await run("audit --kind settings-changed --limit 2")).stdout, /sending\.stopped/);
  });

  test("S20: pulled while somebody else changes the settings, both changes stand", async () => {
    writeFileSync(at("meanwhile.yaml"), stringify({ brand: "Meanwhile" }));
    const both = await Promise.all([run("sms stop"), run("config apply meanwhile.yaml")]);
    assert.deepEqual(
      both.map(({ code }) => code),
      [0, 0],
    );
    assert.deepEqual([(await sending()).stopped, await brand()], [true, "Meanwhile"]);
    assert.equal((await run("sms go")).code, 0);
  });

  test("whoever applies a part is shown what else of it goes back to what is shipped, beforehand too", async () => {
    writeFileSync(at("stop.yaml"), "sending: { stopped: true }\n");
    const { stdout } = await run("config diff stop.yaml");
    assert.match(stdout, /^sending\.strangers\.address\.hour: 77 -> 20$/m);
  });
});

describe("config, its past", () => {
  test("S20 S21: history, what a revision changed, and the way back; a dry run only says what it would be", async () => {
    const before = await brand();
    writeFileSync(at("brand.yaml"), stringify({ brand: "Another \u001b[31mname" }));
    assert.equal((await run("config apply brand.yaml")).code, 0);
    const [last, previous] = jsonOf(await run("config history --limit 2 --json"));
    assert.deepEqual([last.what, previous.revision], ["settings: brand", last.revision - 1]);
    assert.match((await run("config history --limit 1")).stdout, /^REVISION +AT +BY +WHAT\n\d+ .*brand\n$/);
    const diff = await run(`config diff --revision ${last.revision} --exit-code`);
    assert.equal(diff.code, 1);
    assert.equal(diff.stdout, `brand: ${JSON.stringify(before)} -> "Another \\u001b[31mname"\n`);
    const dry = await run(`config rollback ${previous.revision} --dry-run`);
    assert.deepEqual([dry.code, await brand()], [0, "Another \u001b[31mname"]);
    const back = await run(`config rollback ${previous.revision}`);
    assert.match(back.stderr, /The settings are those of revision \d+ again; this is revision \d+\./);
    assert.equal(await brand(), before);
    assert.match((await run(`config rollback ${previous.revision}`)).stderr, /^Nothing to change/);
    for (const line of ["config diff", "config diff brand.yaml --revision 1", "config rollback first"])
      assert.equal((await run(line)).code, 2, line);
    const lost = await run("config rollback 9999");
    assert.deepEqual([lost.code, lost.stderr], [1, "The requested revision doesn't exist: 9999\n"]);
  });
});

describe("config explain and dry-run", () => {
  test("S21: what would be asked fits eighty columns, and a name with an escape sequence does nothing to the terminal", async () => {
    const told = await run("config explain --user grace --client demo --ip 203.0.113.7");
    assert.equal(told.code, 0, told.stderr);
    assert.match(told.stdout, /^Asked: password, then sms\.\nacr twilio_sms, level 40\n/);
    assert.match(told.stdout, /^phone {5}The code goes to •••• 43 \(US\)\.$/m);
    for (const line of told.stdout.split("\n")) assert.ok(line.length <= 80, line);
    const json = jsonOf(await run("config explain --user grace --client demo --json"));
    assert.deepEqual([json.outcome, json.by], ["asked", "server"]);
    const evil = await demo.run(["config", "explain", "--client", "demo", "--acr", "\u001b]0;owned\u0007"]);
    assert.equal(evil.code, 0, evil.stderr);
    assert.ok(!evil.stdout.includes("\u001b") && evil.stdout.includes("\\u{1b}"), evil.stdout);
    const lost = await run("config explain --client nobody");
    assert.deepEqual([lost.code, lost.stderr], [1, "The requested client doesn't exist: nobody\n"]);
    assert.equal((await run("config explain --user grace")).code, 2, "whose sign-in it is has to be said");
  });

  test("a change is tried on what has happened, and nothing is changed", async () => {
    const before = await run("config export");
    writeFileSync(at("tried.yaml"), "brand: Tried\n");
    const tried = await run("config dry-run tried.yaml");
    assert.equal(tried.code, 0, tried.stderr);
    assert.match(
      tried.stdout,
      /^Of \d+ sign-ins and new phones since \S+Z, 0 would have been asked otherwise and 0 refused\.$/m,
    );
    const { complete, groups } = jsonOf(await run("config dry-run tried.yaml --hours 1 --json"));
    assert.deepEqual([complete, groups], [true, []]);
    writeFileSync(at("nope.yaml"), "defaultAcr: nope\n");
    const faulty = await run("config dry-run nope.yaml");
    assert.deepEqual([faulty.code, /nope\.yaml: defaultAcr: /.test(faulty.stderr)], [1, true]);
    assert.equal((await run("config dry-run tried.yaml --hours 1000")).code, 2);
    assert.equal((await run("config export")).stdout, before.stdout);
  });
});
