/** S18: acts that take two, by the command line and the console: no tool does them alone, and another person's yes does. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { jsonOf, startDemo } from "../kit/demo.ts";
import { confirmAs } from "../kit/demo-sign-in.ts";
import { type Ending, startProgram, until } from "../kit/processes.ts";
import { noTerminal, openTerminal } from "../kit/terminal.ts";

const demo = await startDemo();
const machine = (line: string, input = "") => demo.run(line.split(" "), { input });
const PASSWORD = "two doors, one open\n";

/** Somebody who has signed in by `sallyport login`, with a home of their own. */
async function person(username: string, phone: string) {
  const env = { HOME: join(demo.folder, username) };
  const login = startProgram(["login", "--host", demo.origin], { cwd: "/", env });
  const code = await until(login, async () => /type the code (\S+)/.exec(login.stderr())?.[1]);
  await confirmAs(demo.origin, code, username, phone);
  await login.ended;
  return { env, run: (line: string): Promise<Ending> => demo.run(line.split(" "), { cwd: "/", env }) };
}

for (const [name, phone] of [
  ["henry", "+447911123401"],
  ["hannah", "+447911123402"],
] as const) {
  assert.equal((await machine(`user add ${name}`, PASSWORD)).code, 0);
  assert.equal((await machine(`user phone add ${name} ${phone} --verified --reason new`)).code, 0);
  assert.equal((await machine(`user roles ${name} helpdesk`)).code, 0);
}
const settings = join(demo.folder, "two.yaml");
writeFileSync(
  settings,
  "helpDesk:\n  secondApproval: [remove-factor, add-phone, open-window, hand-out-ticket]\n",
);
assert.equal((await machine(`config apply ${settings}`)).code, 0);
const henry = await person("henry", "+447911123401");
const hannah = await person("hannah", "+447911123402");
const phones = async () => jsonOf(await machine("user phone list grace --json")).length;

describe("acts that take two", () => {
  test("no verb and no operation does one alone; each says that it waits, with an exit code of its own", async () => {
    const { inum } = jsonOf(await machine("user show grace --json"));
    const [phone] = jsonOf(await machine("user phone list grace --json"));
    const refused = await machine("user phone remove grace --reason x");
    assert.deepEqual([refused.code, /a machine is none/.test(refused.stderr)], [3, true]);
    const asked = await henry.run("user reset-phone grace --ticket --reason stolen");
    assert.deepEqual([asked.code, asked.stdout], [6, ""], asked.stderr);
    assert.match(
      asked.stderr,
      /Not done yet: a second administrator has to approve it until .*; sallyport approval approve/,
    );
    const raw = await henry.run(
      `cli --operation-id delete-user-phone --url-suffix inum:${inum},id:${phone.id} --endpoint-args reason:x`,
    );
    assert.equal(raw.code, 6, raw.stderr);
    assert.equal(jsonOf(raw).state, "pending");
    assert.doesNotMatch(raw.stderr, /successfully deleted/);
    for (const line of [
      `user factor remove grace sms --reason x`,
      `cli --operation-id delete-user-authenticator --url-suffix inum:${inum},id:${phone.id} --endpoint-args reason:x`,
    ])
      assert.notEqual((await henry.run(line)).code, 0, line);
    assert.equal(await phones(), 1);
    const own = jsonOf(await henry.run("approval list --json"));
    for (const { id } of own)
      assert.equal((await henry.run(`approval approve ${id}`)).code, 3, "not one's own");
    const remove = own.find(({ act }: { act: string }) => act === "remove-factor");
    const declined = await hannah.run(`approval decline ${remove.id} --reason unclear`);
    assert.match(declined.stdout, /Declined: remove-factor of grace; nothing was done/);
    assert.equal(await phones(), 1);
  });

  test("in the console another one says yes, and whoever asked gets the ticket", {
    skip: noTerminal,
  }, async () => {
    const screen = { args: ["tui"], cwd: "/", columns: 110, rows: 30 };
    const theirs = openTerminal({ ...screen, env: hannah.env });
    await theirs.see("8 Logs");
    await theirs.press("3");
    await theirs.see("w approvals");
    await theirs.press("w");
    await theirs.see(/▸ pending +hand-out-ticket +grace +henry/, "y approve", "$ sallyport approval list");
    await theirs.press("y");
    await theirs.see("carried out at once", "sallyport approval approve");
    await theirs.press("Enter");
    await theirs.see("✓ Done: hand-out-ticket of grace.", /done +hand-out-ticket/);
    assert.equal(await phones(), 0);
    const mine = openTerminal({ ...screen, env: henry.env });
    await mine.see("8 Logs");
    await mine.press("3", "w");
    await mine.see(/done +hand-out-ticket +grace/);
    await mine.press("G");
    await mine.see("t show the ticket");
    await mine.press("t", "Enter");
    await mine.see(/[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}/);
    const [id] = jsonOf(await henry.run("approval list --json")).flatMap(
      ({ act, id: one }: { act: string; id: string }) => (act === "hand-out-ticket" ? [one] : []),
    );
    assert.equal((await henry.run(`approval ticket ${id}`)).code, 1, "once");
  });

  test("the console asks as well, and says that it waits", { skip: noTerminal }, async () => {
    const terminal = openTerminal({ args: ["tui"], cwd: "/", columns: 110, rows: 30, env: henry.env });
    await terminal.see("8 Logs");
    await terminal.press("3");
    await terminal.see("hannah");
    await terminal.press("/");
    terminal.type("hannah");
    await terminal.press("Enter");
    await terminal.see(/People +1\n/);
    await terminal.press("Enter");
    await terminal.see("People › hannah", "z lost phone");
    await terminal.press("z");
    await terminal.see("hannah has lost the phone", "sallyport user reset-phone hannah --ticket");
    await terminal.press("Tab");
    terminal.type("gone");
    await terminal.press("Enter");
    await terminal.see("Not done yet: a second administrator has to approve it");
    const waits = jsonOf(await henry.run("approval list --json")).filter(
      (one: { state: string; userId: string }) => one.state === "pending" && one.userId === "hannah",
    );
    assert.equal(waits.length, 1);
    assert.equal((await hannah.run(`approval approve ${waits[0].id}`)).code, 3, "not about oneself");
    assert.match((await henry.run(`approval decline ${waits[0].id}`)).stdout, /Declined/, "taken back");
  });
});
