/** `sallyport tui` in a real terminal: every part at the smallest and at a large size, and people helped by keyboard. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { jsonOf, startDemo } from "../kit/demo.ts";
import { noTerminal, openTerminal, type Terminal } from "../kit/terminal.ts";

const demo = await startDemo();
/** What a terminal is told about colours (ECMA-48 §8.3.117). */
const SGR = new RegExp(`${String.fromCharCode(27)}\\[([\\d;]*)m`, "g");
const PARTS = ["Overview", "Acrs", "People", "Clients", "Sessions", "Audit", "Settings", "Logs"];
const open = (columns = 80, rows = 24, env: Readonly<Record<string, string>> = {}): Terminal =>
  openTerminal({ args: ["tui"], cwd: demo.folder, columns, rows, env: { HOME: demo.home, ...env } });
const lastLine = (screen: string): string => screen.trimEnd().split("\n").at(-1) ?? "";

test("without a terminal it says what to use instead", async () => {
  const { code, stderr } = await demo.run(["tui"]);
  assert.equal(code, 2);
  assert.match(stderr, /needs a terminal/);
});

test("who is not signed in hears of it as with every other command, and the terminal stays as it was", {
  skip: noTerminal,
}, async () => {
  const cwd = "/";
  const away = openTerminal({
    args: ["tui", "--host", demo.origin],
    cwd,
    columns: 80,
    rows: 24,
    env: { HOME: join(demo.home, "nobody") },
  });
  await away.see("ended with 3", "sallyport login");
});

describe("looked at", { skip: noTerminal }, () => {
  for (const [columns, rows] of [
    [80, 24],
    [200, 60],
  ] as const)
    test(`every part at ${columns}×${rows}: where one is, what is there, the command that does the same, the keys`, async () => {
      const terminal = open(columns, rows);
      const shows: Readonly<Record<string, readonly RegExp[]>> = {
        Overview: [/Health/, /Sign-ins, last 24 hours/, /Spend since/, /store +✓/],
        Acrs: [
          /▸ simple_password_auth +10 +enabled/,
          /twilio_sms +40 +enabled +yes/,
          /\$ sallyport acr list/,
        ],
        People: [/▸ ada +Ada Lovelace +ada@example\.org +active/, /root .* admin/, /\$ sallyport user list/],
        Clients: [/demo-cli .*client_secret_basic +enabled/, /\$ sallyport client list/],
        Sessions: [/PERSON +ACR +ADDRESS +SINCE \(UTC\)/, /\$ sallyport session list/],
        Audit: [/AT \(UTC\) +KIND +ABOUT +FACTS/, /\$ sallyport audit/],
        Settings: [
          /1 +2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d +sallyport\.yaml +first start/,
          /\$ sallyport config history/,
        ],
        Logs: [/server\.log/, /INFO +Starting/, /--operation-id get-logs/],
      };
      for (const [at, part] of PARTS.entries()) {
        if (at > 0) await terminal.press(at % 2 === 0 ? "Tab" : String(at + 1));
        const screen = await terminal.see(new RegExp(`^ ${part}( |$)`, "m"), ...(shows[part] ?? []));
        const lines = screen.replace(/\n$/, "").split("\n");
        assert.equal(lines.length, rows, part);
        assert.match(lines[1] ?? "", /1 Overview .*8 Logs/, "every tab is seen");
        assert.match(lines.at(-1) ?? "", /↑↓ move .* \? help +q leave/, part);
      }
      await terminal.press("BTab");
      await terminal.see("$ sallyport config history");
      await terminal.press("q");
      await terminal.see("ended with 0");
      assert.doesNotMatch(terminal.screen(), /Overview/, "the terminal is as it was before");
    });

  test("beside the list stands what is selected, where there is room", async () => {
    const terminal = open(160, 40);
    await terminal.press("2");
    await terminal.see(/│ acr +simple_password_auth/);
    await terminal.press("j");
    await terminal.see(/│ acr +twilio_sms/, "6122281b-b55d-4dd0-8115-b098eeeee2b7");
    terminal.resize(80, 24);
    await terminal.miss("│");
    const small = await terminal.see(/▸ twilio_sms/, "? help");
    assert.match(lastLine(small), /\? help/);
    terminal.resize(50, 12);
    await terminal.see("too small");
    terminal.resize(100, 30);
    const again = await terminal.see(/▸ twilio_sms/);
    assert.equal(again.match(/1 Overview/g)?.length, 1, "nothing of the old size is left");
  });

  test("help says what each key does here and everywhere", async () => {
    const terminal = open(80, 50);
    await terminal.see("Health");
    await terminal.press("3");
    await terminal.see("Ada Lovelace");
    await terminal.press("?");
    await terminal.see(/d +disable/, /j k +move/, "sallyport user list");
    await terminal.press("Escape");
    await terminal.see("Ada Lovelace");
  });

  test("NO_COLOR: nothing is coloured, and what is selected is still seen", async () => {
    const sgr = (screen: string) => [...screen.matchAll(SGR)].flatMap(([, codes = ""]) => codes.split(";"));
    const isColour = (code: string) => /^(3[0-8]|4[0-8]|9\d|10\d)$/.test(code);
    const plain = open(80, 24, { NO_COLOR: "1" });
    await plain.see("Health", /store +✓/);
    assert.deepEqual(sgr(plain.coloured()).filter(isColour), []);
    const coloured = open(80, 24);
    await coloured.see("Health", /store +✓/);
    assert.ok(sgr(coloured.coloured()).some(isColour));
  });
});

describe("people helped by keyboard", { skip: noTerminal }, () => {
  test("S21: somebody is added, found and helped with a lost phone; the password is nowhere to be seen", async () => {
    const terminal = open();
    await terminal.see("Health");
    await terminal.press("3");
    await terminal.see("Ada Lovelace");
    await terminal.press("a");
    await terminal.see("Add a person");
    terminal.type("grete");
    await terminal.press("Tab");
    terminal.type("canary two doors, one open");
    await terminal.press("Tab");
    terminal.type("Grete");
    await terminal.see("••••••", "sallyport user add grete --given-name Grete < FILE");
    await terminal.press("Enter");
    await terminal.see("✓ Added grete.", "$ sallyport user add grete --given-name Grete < FILE");
    await terminal.press("/");
    terminal.type("gret");
    await terminal.press("Enter");
    await terminal.see(/▸ grete/, "$ sallyport user list gret");
    await terminal.press("Enter");
    await terminal.see("People › grete", "Phones", "none");
    await terminal.press("p");
    terminal.type("+44 7911 123456");
    await terminal.press("Tab");
    terminal.type("seen in person");
    await terminal.see(
      /sallyport user phone add grete '\+44 7911 123456' --verified \\\n +--reason 'seen in person'/,
    );
    await terminal.press("Enter");
    await terminal.see("✓ grete has the phone •••• 56.", /▸ •••• 56 +[A-Z]{2}/);
    await terminal.press("z", "Enter");
    await terminal.see("Reason is missing.");
    terminal.type("lost it");
    await terminal.press("Enter");
    const ticket = /\b[A-Z0-9]{4}(?:-[A-Z0-9]{4}){2,}\b/.exec(await terminal.see("works once"))?.[0];
    assert.ok(ticket !== undefined);
    await terminal.press("q", "Escape");
    await terminal.see(ticket);
    await terminal.press("Enter");
    const after = await terminal.see("A ticket for grete is open.", /▸ none/, /ticket +sms +until/);
    assert.ok(!after.includes(ticket));
    assert.ok(!terminal.all().includes("canary"));
    const [event] = jsonOf(
      await demo.run(["audit", "--user", "grete", "--kind", "enrolment-opened", "--limit", "1", "--json"]),
    );
    assert.deepEqual([event.kind, event.facts.reason], ["enrolment-opened", "lost it"]);
    await terminal.press("d");
    await terminal.see("sallyport user disable grete");
    await terminal.press("Enter");
    await terminal.see(/status +inactive/);
    await terminal.press("X");
    terminal.type("was a test");
    await terminal.press("Enter");
    await terminal.see("✓ Removed grete.", "Nothing matches gret");
    await terminal.press("Escape");
    await terminal.see("Ada Lovelace");
  });

  test("what is pasted goes into a field as one line, and does nothing where there is none", async () => {
    const terminal = open();
    await terminal.see("Health");
    await terminal.press("3");
    await terminal.see("Ada Lovelace");
    terminal.paste("d\nq\nx");
    await terminal.press("j");
    await terminal.see(/▸ grace/, "$ sallyport user list");
    await terminal.press("x");
    terminal.paste("seen\nin person");
    await terminal.see("▸ Reason  seen in person");
    await terminal.press("Escape", "y", "q");
    await terminal.see("ended with 0");
  });

  test("S21: nothing that comes from elsewhere moves the cursor or sets a title", async () => {
    const given = "Eve\u001b]2;pwned\u0007\u001b[2J\u202e";
    await demo.run(["user", "add", "eve", "--given-name", given], { input: "two doors, one open" });
    const stored = jsonOf(await demo.run(["user", "list", "--json"]));
    assert.ok(JSON.stringify(stored).includes("pwned"), "the server took it");
    const terminal = open();
    await terminal.see("Health");
    await terminal.press("3");
    await terminal.see("Eve\\u{1b}]2;", "Ada Lovelace");
    await terminal.press("/");
    terminal.type("eve");
    await terminal.press("Enter");
    await terminal.see(/▸ eve/, "$ sallyport user list eve");
    await terminal.press("Enter");
    await terminal.see("People › eve");
    assert.notEqual(terminal.title(), "pwned");
    await demo.run(["user", "remove", "eve", "--reason", "done"]);
  });

  /** A notice of what an earlier test did may have gone out in between. */
  async function downToTheChange(terminal: ReturnType<typeof open>): Promise<void> {
    let shown = "";
    while (!/▸ .*settings-changed/.test(shown)) {
      await terminal.press("Down");
      shown = await terminal.see(/▸ .*(?:settings-changed|notice-sent)/);
    }
  }

  test("the audit: by a person, an event as a whole, and everything of the same login", async () => {
    await demo.run(["acr", "default", "simple_password_auth"]);
    await demo.run(["acr", "default", "twilio_sms"]);
    const terminal = open(120, 30);
    await terminal.see("Health");
    await terminal.press("6");
    // The newest is the console's own token.
    await terminal.see(/▸ .*tokens-issued/);
    await downToTheChange(terminal);
    await terminal.press("/");
    terminal.type("nonsense=1");
    await terminal.press("Enter");
    await terminal.see("nonsense is none of kind, user");
    await terminal.press("/", "C-u");
    terminal.type("kind=settings-changed by=nobody");
    await terminal.press("Enter");
    await terminal.see("Nothing matches", "$ sallyport audit --kind settings-changed --by nobody");
    await terminal.press("Escape");
    await terminal.see(/▸ .*tokens-issued/);
    await downToTheChange(terminal);
    await terminal.press("Enter");
    await terminal.see(/Event \d+/, /by +client demo-cli/);
  });

  test("the logs are followed, by level and by text", async () => {
    const terminal = open();
    await terminal.see("Health");
    await terminal.press("8");
    await terminal.see(/Starting issuer/);
    await terminal.press("o");
    await terminal.see("Twilio SMS. Initialized successfully", "script.log");
    await terminal.press("w", "w");
    await terminal.see("No line of this level.", "error and above");
  });
});

test("the console is loaded by its own command and by no other", async () => {
  const hook = `data:text/javascript,${encodeURIComponent(
    "import { registerHooks } from 'node:module'; registerHooks({ load(url, context, next) { if (/node_modules\\/(ink|react|yoga-layout)\\//.test(url)) process.stderr.write('LOADED ' + url); return next(url, context); } });",
  )}`;
  const { stderr, code } = await demo.run(["acr", "list"], { env: { NODE_OPTIONS: `--import ${hook}` } });
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(
    readFileSync(new URL("../../src/surfaces/admin/tui/start.ts", import.meta.url), "utf8"),
    /from "ink"/,
  );
});
