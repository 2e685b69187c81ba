/** The help desk's newer acts in a real terminal: passwords, their tickets and remembered devices, small and wide. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { jsonOf, startDemo } from "../kit/demo.ts";
import { confirmAs, lastCode, messages } from "../kit/demo-sign-in.ts";
import { startProgram, until } from "../kit/processes.ts";
import { noTerminal, openTerminal, type Terminal } from "../kit/terminal.ts";
import { createVisitor, textOf } from "../kit/visitor.ts";

const demo = await startDemo();
const run = (line: string, input = "") => demo.run(line.split(" "), { input });
const PASSWORD = "two doors, one open";
const OWN = "canary of mine 4711";
const PHONE = "+12025550143";

async function settings(text: string): Promise<void> {
  const file = join(demo.folder, "settings.yaml");
  writeFileSync(file, text);
  const applied = await run(`config apply ${file}`);
  assert.equal(applied.code, 0, applied.stderr);
}

/** grace's browser, in which the code was shown and the box ticked. */
async function remembers(): Promise<void> {
  const visitor = createVisitor({ origin: demo.origin });
  const before = (await messages(demo.origin)).length;
  const login = await visitor.get("/demo/login?acr_values=twilio_sms");
  const page = await visitor.submit(login, { username: "grace", password: PASSWORD });
  const code = await lastCode(demo.origin, PHONE, before);
  const done = await visitor.submit(page, { code, remember: "yes" });
  assert.match(done.url.pathname, /^\/demo/, textOf(done.body));
}

async function open(
  name: string,
  { columns = 80, rows = 24, env = {} }: { columns?: number; rows?: number; env?: Record<string, string> },
): Promise<Terminal> {
  const cwd = env.HOME === undefined ? demo.folder : "/";
  const terminal = openTerminal({ args: ["tui"], cwd, columns, rows, env: { HOME: demo.home, ...env } });
  await terminal.see("8 Logs");
  await terminal.press("3");
  await terminal.see("root");
  await terminal.press("/");
  terminal.type(name);
  await terminal.press("Enter");
  await terminal.see(/People +1\n/);
  await terminal.press("Enter");
  await terminal.see(`People › ${name}`, "Remembered devices", "Sessions");
  return terminal;
}

describe("in the console", { skip: noTerminal }, () => {
  for (const [columns, rows] of [
    [80, 24],
    [160, 45],
  ] as const) {
    test(`a temporary password is shown once, at ${columns}×${rows}; no command and no event has it`, async () => {
      const terminal = await open("ada", { columns, rows });
      const list = await terminal.see("w password", "f password ticket", "X remove person", "Esc back");
      assert.ok(list.split("\n").every((line) => line.length <= columns));
      await terminal.press("w");
      await terminal.see("(•) temporary", "good for 72 hours", "sallyport user password ada --temporary");
      await terminal.press("Enter");
      await terminal.see("Reason is missing.");
      terminal.type("new colleague");
      await terminal.see("sallyport user password ada --temporary --reason 'new colleague'");
      await terminal.press("Enter");
      const shown = await terminal.see(/Hand this password to ada; it is good until .* UTC/, "Enter close");
      const made = /([2-9a-z]{5}-){3}[2-9a-z]{5}/.exec(shown)?.[0] ?? assert.fail(shown);
      await terminal.press("Escape", "q");
      await terminal.see(made);
      await terminal.press("Enter");
      await terminal.miss(made);
      await terminal.see("✓ The password of ada is set", /password +has to be changed/);
      assert.doesNotMatch(terminal.all(), new RegExp(made));
      const events = await run("audit --user ada --limit 20 --json");
      assert.ok(events.stdout.includes("new colleague") && !events.stdout.includes(made));
    });
  }

  test("one that is typed is never on the screen, and goes only where it says so", async () => {
    const terminal = await open("ada", {});
    await terminal.press("w");
    await terminal.see("(•) temporary");
    await terminal.press("Tab");
    terminal.type(OWN);
    await terminal.press("Tab");
    terminal.type("by phone");
    await terminal.press("Enter");
    await terminal.see("A password is typed only where it says typed", "What you typed is still here.");
    await terminal.press("Tab", "Right", "Right");
    await terminal.see("(•) typed", "sallyport user password ada --reason 'by phone' < FILE");
    await terminal.press("Right");
    await terminal.see("(•) typed, final", "--final --reason 'by phone' < FILE");
    await terminal.press("Enter");
    await terminal.see("✓ The password of ada is set; every session has ended.");
    assert.ok(!terminal.all().includes(OWN));
    await terminal.miss("has to be changed");
    await terminal.press("w", "Right", "Tab", "Tab");
    await terminal.see("(•) must change");
    terminal.type("seen on a note");
    await terminal.press("Enter");
    await terminal.see("✓ ada sets another password at the next sign-in.", /password +has to be changed/);
  });

  test("a ticket for a new password is shown once, with the address where it is typed", async () => {
    const terminal = await open("grace", {});
    await terminal.press("f");
    await terminal.see("grace has forgotten the password", "sallyport user password-ticket grace");
    terminal.type("seen in person");
    await terminal.press("Enter");
    const shown = await terminal.see(
      /works once, until .* UTC/,
      `${demo.origin}/forgotten/ticket`,
      "Enter close; it is not shown again",
    );
    const ticket = /([A-Z2-9]{4}-){3}[A-Z2-9]{4}/.exec(shown)?.[0] ?? assert.fail(shown);
    const visitor = createVisitor({ origin: demo.origin });
    const typed = await visitor.submit(await visitor.get("/forgotten/ticket"), { username: "grace", ticket });
    assert.match(typed.body, /name="code"/, "the second step is asked for");
    await terminal.press("Enter");
    await terminal.miss(ticket);
    await terminal.see("✓ A ticket for grace is open.");
  });

  test("remembered devices are listed, and forgotten one by one or all", async () => {
    await settings("rememberedDevices:\n  ask: unknown-device\n");
    await remembers();
    await remembers();
    await remembers();
    const devices = async () => jsonOf(await run("user device list grace --json")).length;
    assert.equal(await devices(), 3);
    const terminal = await open("grace", { columns: 120, rows: 40 });
    await terminal.press("j", "j");
    await terminal.see("x forget device", "a forget all", /last code +2\d{3}-/);
    await terminal.press("x");
    await terminal.see(/sallyport user device forget grace \S+/);
    terminal.type("laptop sold");
    await terminal.press("Enter");
    await terminal.see("✓ The device is asked for a code again.");
    assert.equal(await devices(), 2);
    await terminal.press("a");
    await terminal.see("Forget every device of grace", "sallyport user device forget grace all");
    await terminal.press("Enter");
    await terminal.see(
      "✓ Every device of grace is asked for a code again.",
      /Remembered devices[^\n]*\n[ ▸]+none/,
    );
    assert.equal(await devices(), 0);
  });

  test("S18: where it takes two, the console asks and says that it waits; another one's yes makes it, and the asker sees it once", async () => {
    await settings("helpDesk:\n  secondApproval: [set-password, password-ticket]\n");
    const people: Record<string, string>[] = [];
    for (const [name, phone] of [
      ["henry", "+447911123401"],
      ["hannah", "+447911123402"],
    ] as const) {
      assert.equal((await run(`user add ${name}`, `${PASSWORD}\n`)).code, 0);
      assert.equal((await run(`user phone add ${name} ${phone} --verified --reason new`)).code, 0);
      assert.equal((await run(`user roles ${name} admin`)).code, 0);
      const env = { HOME: join(demo.folder, name) };
      const login = startProgram(["login", "--host", demo.origin], { cwd: "/", env });
      const code = await until(login, async () => /type the code (\S+)/.exec(login.stderr())?.[1]);
      await confirmAs(demo.origin, code, name, phone);
      await login.ended;
      people.push(env);
    }
    const [henry = {}, hannah = {}] = people;
    const as = (env: Record<string, string>, line: string, input = "") =>
      demo.run(line.split(" "), { cwd: "/", env, input });
    // By the command line: a password of one's own does not wait, and is not set.
    assert.equal((await as(henry, "user password grace --reason x", `${OWN}\n`)).code, 1);
    assert.equal((await as(henry, "user password grace --final --reason x", `${OWN}\n`)).code, 1);
    assert.equal((await run("user password grace --temporary --reason x")).code, 3, "a machine");
    assert.equal((await as(henry, "user password-ticket grace --reason x")).code, 6);
    const { inum } = jsonOf(await run("user show grace --json"));
    const raw = ["cli", "--operation-id", "post-user-password", "--url-suffix", `inum:${inum}`, "--data"];
    const data = JSON.stringify({ password: OWN, reason: "x" });
    assert.equal((await demo.run([...raw, data], { cwd: "/", env: henry })).code, 1);
    const terminal = await open("grace", { env: henry });
    await terminal.press("w", "Tab", "Tab");
    terminal.type("locked out");
    await terminal.press("Enter");
    await terminal.see("Not done yet: a second administrator has to approve it");
    const theirs = await open("grace", { env: hannah });
    await theirs.press("Escape", "w");
    await theirs.see(/password-ticket +grace +henry/, /set-password +grace +henry/);
    await theirs.press("G");
    await theirs.see(/▸ pending +set-password/);
    await theirs.press("y", "Enter");
    await theirs.see("✓ Done: set-password of grace.", /done +set-password/);
    await theirs.press("t", "Enter");
    await theirs.see("The requested ticket of yours doesn't exist");
    await terminal.press("Escape", "w");
    await terminal.see(/done +set-password/);
    await terminal.press("G");
    await terminal.see("t show the password");
    await terminal.press("t");
    await terminal.see("The password for grace", "sallyport approval ticket");
    await terminal.press("Enter");
    const shown = await terminal.see(/Hand this password to grace; it is good until .* UTC/);
    const made = /([2-9a-z]{5}-){3}[2-9a-z]{5}/.exec(shown)?.[0] ?? assert.fail(shown);
    await terminal.press("Enter");
    await terminal.miss(made);
    const visitor = createVisitor({ origin: demo.origin });
    const login = await visitor.get("/account");
    const codePage = await visitor.submit(login, { username: "grace", password: made });
    assert.match(codePage.body, /name="code"/, textOf(codePage.body));
  });
});
