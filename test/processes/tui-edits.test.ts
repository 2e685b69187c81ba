/** What is typed or written in `sallyport tui` is never lost: not by a key, somebody else, a refusal or the network. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { jsonOf, startDemo } from "../kit/demo.ts";
import { startProgram, until } from "../kit/processes.ts";
import { noTerminal, openTerminal, type Terminal } from "../kit/terminal.ts";

const demo = await startDemo();
const run = (line: string) => demo.run(line.split(" "));
const CANARY = "canary4711canary4711canary4711ca";

/** An editor that waits for a line on the terminal, as a person would take a while, and then runs this `sed`. */
function editor(name: string, sed: string): string {
  const file = join(demo.folder, name);
  writeFileSync(file, `#!/bin/sh\necho "EDITING $1"\nread line < /dev/tty\nsed -i '${sed}' "$1"\n`);
  chmodSync(file, 0o700);
  return file;
}

async function open(env: Readonly<Record<string, string>> = {}): Promise<Terminal> {
  const terminal = openTerminal({
    args: ["tui"],
    cwd: demo.folder,
    columns: 80,
    rows: 24,
    env: { HOME: demo.home, ...env },
  });
  await terminal.see("Health");
  return terminal;
}

async function toProperty(terminal: Terminal, name: string): Promise<void> {
  await terminal.press("2");
  await terminal.see("twilio_sms");
  await terminal.press("g", "j", "Enter");
  await terminal.see("PROPERTY", name);
  await terminal.press("/");
  terminal.type(name);
  await terminal.press("Enter");
  await terminal.see(new RegExp(`▸ ${name}`));
  await terminal.press("Enter");
  await terminal.see(`sallyport script set twilio_sms ${name}=`);
}

const property = async (name: string): Promise<string> => {
  const { configurationProperties } = jsonOf(await run("script get twilio_sms --json"));
  return configurationProperties.find(({ value1 }: { value1: string }) => value1 === name).value2;
};

describe("forms", { skip: noTerminal }, () => {
  test("neither Escape nor Ctrl-C takes what was typed without asking", async () => {
    const terminal = await open();
    await toProperty(terminal, "from_number");
    await terminal.press("C-u");
    terminal.type("+12025550177");
    await terminal.see("▸ from_number  +12025550177", "from_number=+12025550177");
    await terminal.press("Escape");
    await terminal.see("Throw away what you typed?");
    await terminal.press("n");
    await terminal.see("▸ from_number  +12025550177");
    await terminal.press("C-c");
    await terminal.see("Leave, and throw away what is not saved?");
    await terminal.press("n");
    await terminal.see("▸ from_number  +12025550177");
    await terminal.press("Escape", "y");
    await terminal.miss("+12025550177");
    assert.equal(await property("from_number"), "+12025550100");
  });

  test("somebody else was faster: both sides are shown, and what was typed is kept and can be saved", async () => {
    const terminal = await open();
    await toProperty(terminal, "from_number");
    await terminal.press("C-u");
    terminal.type("+12025550177");
    await terminal.see("▸ from_number  +12025550177");
    assert.equal((await run("script set twilio_sms from_number=+12025550123")).code, 0);
    await terminal.press("Enter");
    const both = await terminal.see("What you typed is still here.");
    assert.match(both, /was +\+12025550100\n.*now +\+12025550123\n.*yours +\+12025550177/);
    assert.equal(await property("from_number"), "+12025550123", "nothing was written over theirs");
    await terminal.press("Enter");
    await terminal.see("✓ Changed twilio_sms", "$ sallyport script set twilio_sms from_number=+12025550177");
    assert.equal(await property("from_number"), "+12025550177");
  });

  test("a refusal says what is wrong and leaves it to be corrected", async () => {
    const terminal = await open();
    await toProperty(terminal, "from_number");
    await terminal.press("C-u");
    terminal.type("Ünïcode 電話");
    await terminal.press("Enter");
    await terminal.see("What you typed is still here.", "Ünïcode 電話");
    await terminal.press("C-u");
    terminal.type("+12025550100");
    await terminal.press("Enter");
    await terminal.see("✓ Changed twilio_sms");
  });

  test("S21: a secret is masked while it is typed, and is neither on the screen nor in the command", async () => {
    const terminal = await open();
    await toProperty(terminal, "twilio_token");
    terminal.type(CANARY);
    await terminal.see("•".repeat(CANARY.length), "sallyport script set twilio_sms twilio_token=@FILE");
    await terminal.press("Enter");
    await terminal.see("✓ Changed twilio_sms", "twilio_token=@FILE", "(set)");
    await terminal.press("q", "7");
    await terminal.see("REVISION");
    await terminal.press("Enter");
    await terminal.see("scripts.twilio_sms.properties.twilio_token", "(another secret)");
    assert.ok(!terminal.all().includes(CANARY));
  });

  test("the network goes away and comes back: what was typed is still there, and is saved", async () => {
    const terminal = await open();
    await toProperty(terminal, "from_number");
    await terminal.press("C-u");
    terminal.type("+12025550188");
    await terminal.see("▸ from_number  +12025550188");
    await demo.program.end("SIGTERM");
    await terminal.press("Enter");
    await terminal.see("cannot be reached", "What you typed is still here.", "▸ from_number  +12025550188");
    const env = { PORT: new URL(demo.origin).port };
    const again = startProgram(["demo"], { env, cwd: demo.folder });
    await until(again, async () => (again.stdout().split("\n").length > 4 ? true : undefined));
    await terminal.press("Enter");
    await terminal.see("✓ Changed twilio_sms");
    assert.equal(await property("from_number"), "+12025550188");
  });
});

describe("texts in an editor", { skip: noTerminal }, () => {
  const file = async (terminal: Terminal): Promise<string> =>
    /EDITING (\S+)/.exec(await terminal.see("EDITING"))?.[1] ?? assert.fail("no file");

  test("the settings: what it would change is shown, saved on top of nobody, and rolled back", async () => {
    const before = jsonOf(await run("config export --json")).brand;
    const terminal = await open({ EDITOR: editor("brand.sh", "s/^brand: .*/brand: Mine/") });
    await terminal.press("7");
    await terminal.see("first start");
    await terminal.press("e");
    const text = await file(terminal);
    assert.equal(statSync(text).mode & 0o777, 0o600);
    assert.equal(statSync(dirname(text)).mode & 0o777, 0o700);
    await terminal.press("Enter");
    await terminal.see(` - "${before}"`, ' + "Mine"', "s save");
    writeFileSync(join(demo.folder, "theirs.yaml"), "brand: Theirs\n");
    assert.equal((await run("config apply theirs.yaml")).code, 0);
    await terminal.press("s");
    await terminal.see("- brand: Theirs", "+ brand: Mine", "Both sides:", "s save yours over theirs");
    await terminal.press("Escape", "n", "q", "n", "C-c", "n");
    await terminal.see("+ brand: Mine");
    assert.equal(jsonOf(await run("config export --json")).brand, "Theirs");
    assert.ok(existsSync(text));
    await terminal.press("s");
    await terminal.see("✓ The settings are saved", "$ sallyport config apply settings.yaml");
    assert.equal(existsSync(dirname(text)), false, "the file goes with the edit");
    await terminal.press("j", "j", "d");
    await terminal.see("Settings › between", ` - "${before}"`, ' + "Mine"');
    await terminal.press("b");
    await terminal.see("Roll back to revision", "sallyport config rollback");
    await terminal.press("Enter");
    await terminal.see("The settings are those of revision");
    assert.equal(jsonOf(await run("config export --json")).brand, before);
  });

  test("a text that is refused stays, in the file too, until it is thrown away", async () => {
    const terminal = await open({
      VISUAL: editor("uri.sh", "s#http://localhost[^ ]*callback#not-a-uri#"),
      EDITOR: "false",
    });
    await terminal.press("4");
    await terminal.see(/▸ demo /);
    await terminal.press("e");
    const text = await file(terminal);
    await terminal.press("Enter");
    await terminal.see("+   - not-a-uri");
    await terminal.press("s");
    await terminal.see("redirectUris", `Your text is kept in ${text}`);
    assert.match(readFileSync(text, "utf8"), /not-a-uri/);
    await terminal.press("Escape", "y");
    await terminal.see(/▸ demo /, "q leave");
    assert.equal(existsSync(dirname(text)), false);
  });

  test("an editor that fails loses nothing; one that changes nothing changes nothing", async () => {
    const failing = await open({ EDITOR: "false" });
    await failing.press("2");
    await failing.see("twilio_sms");
    await failing.press("s");
    await failing.see("false ended with 1; nothing was saved.", "Your text is kept in");
    await failing.press("Escape", "y");
    await failing.see(/▸ simple_password_auth/);
    const cut = await open({ EDITOR: editor("cut.sh", "s/a/b/") });
    await cut.press("2");
    await cut.see("twilio_sms");
    await cut.press("s");
    await file(cut);
    await cut.press("C-c");
    await cut.see("nothing was saved.", "Your text is kept in");
    const idle = await open({ EDITOR: "true" });
    await idle.press("2");
    await idle.see("twilio_sms");
    await idle.press("s");
    await idle.see("Nothing was changed.");
  });
});
