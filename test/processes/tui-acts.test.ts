/** `sallyport tui` as a person who has signed in by `sallyport login`: acrs, clients, sessions, and the way of one login. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { jsonOf, startDemo } from "../kit/demo.ts";
import { confirmAsRoot } from "../kit/demo-sign-in.ts";
import { startProgram, until } from "../kit/processes.ts";
import { noTerminal, openTerminal, type Terminal } from "../kit/terminal.ts";

const demo = await startDemo();
const env = { HOME: demo.home };
/** Not beside the demo's own credentials: who asks here is a person. */
const run = (line: string) => demo.run(line.split(" "), { cwd: "/", env });
const login = startProgram(["login", "--host", demo.origin], { cwd: "/", env });
await confirmAsRoot(
  demo.origin,
  await until(login, async () => /type the code (\S+)/.exec(login.stderr())?.[1]),
);
await login.ended;

async function open(part: string, ...sees: readonly (string | RegExp)[]): Promise<Terminal> {
  const terminal = openTerminal({ args: ["tui"], cwd: "/", columns: 100, rows: 30, env });
  await terminal.see("Health");
  await terminal.press(part);
  await terminal.see(...sees);
  return terminal;
}

describe("as a person", { skip: noTerminal }, () => {
  test("the overview counts the sign-in, and the audit has its way from the first step to the last", async () => {
    const terminal = await open("1", /signed in +1\n?/, /sent +1/);
    await terminal.press("6");
    await terminal.see(/signed-in +root/);
    await terminal.press("/");
    terminal.type("kind=signed-in");
    await terminal.press("Enter");
    await terminal.see(/▸ .*signed-in +root/, "t trace this login");
    await terminal.press("t");
    await terminal.see(
      "Audit › login ",
      /password-right +root/,
      /code-issued +root/,
      /code-right +root/,
      "$ sallyport trace",
    );
    await terminal.press("Escape", "p");
    await terminal.see("Audit › root", /roles +admin/, "Sessions");
  });

  test("the default acr is disabled with another one in its place, never without", async () => {
    const terminal = await open("2", /twilio_sms +40 +enabled +yes/);
    await terminal.press("m");
    await terminal.see("Make simple_password_auth the default", "sallyport acr default simple_password_auth");
    await terminal.press("Enter");
    await terminal.see(
      /simple_password_auth +10 +enabled +yes/,
      "$ sallyport acr default simple_password_auth",
    );
    await terminal.press("d");
    await terminal.see("(•) twilio_sms", "sallyport acr disable simple_password_auth --default twilio_sms");
    await terminal.press("Enter");
    await terminal.see(/simple_password_auth +10 +disabled/, /twilio_sms +40 +enabled +yes/);
    await terminal.press("g", "j", "d");
    await terminal.see("twilio_sms is the only one that is enabled");
    await terminal.press("g", "e");
    await terminal.see("Enable simple_password_auth");
    await terminal.press("Enter");
    await terminal.see("✓ simple_password_auth is enabled.");
    const [entry] = jsonOf(await run("audit --kind settings-changed --limit 1 --json"));
    assert.equal(entry.facts.by, "root", "it was a person, not a machine");
  });

  test("a client is added, disabled and removed; what is missing is said", async () => {
    const terminal = await open("4", /demo-cli/);
    await terminal.press("a");
    terminal.type("shop");
    await terminal.press("Enter");
    await terminal.see("Secret is missing; only a public client has none.", /▸ client_id +shop/);
    await terminal.press("Tab", "Tab", "Right");
    await terminal.see("(•) public", "sallyport client add shop --public");
    await terminal.press("Tab", "Tab");
    terminal.type("https://shop.example.org/cb");
    await terminal.press("Enter");
    await terminal.see(
      "✓ Added shop.",
      "$ sallyport client add shop --redirect-uri https://shop.example.org/cb --public",
    );
    // The list is read again before the last of it is the new one.
    await terminal.see(/ shop .*none +enabled/);
    await terminal.press("G");
    await terminal.see(/▸ shop .*none +enabled/);
    await terminal.press("d");
    await terminal.see("its tokens end for good");
    await terminal.press("Enter");
    await terminal.see(/▸ shop .*none +disabled/);
    await terminal.press("x", "Enter");
    await terminal.see("✓ Removed shop");
    assert.equal((await run("client show shop")).code, 1);
  });

  test("names are edited; somebody else's change is shown beside one's own", async () => {
    const terminal = await open("3", "Ada Lovelace");
    await terminal.press("Enter");
    await terminal.see("People › ada", "Phones");
    await terminal.press("e");
    await terminal.see(/▸ Name +Ada Lovelace/);
    await terminal.press("C-u");
    terminal.type("Countess");
    const { inum } = jsonOf(await run("user show ada --json"));
    const patch = {
      jsonPatchString: JSON.stringify([{ op: "add", path: "/displayName", value: "Augusta" }]),
    };
    const theirs = ["cli", "--operation-id", "patch-user-by-inum", "--url-suffix", `inum:${inum}`];
    assert.equal((await demo.run([...theirs, "--data", JSON.stringify(patch)], { cwd: "/", env })).code, 0);
    await terminal.press("Enter");
    await terminal.see(/was +Ada Lovelace/, /now +Augusta/, /yours +Countess/, "Ctrl-T take theirs");
    await terminal.press("C-t");
    await terminal.see(/▸ Name +Augusta/);
    await terminal.press("C-u");
    terminal.type("Countess");
    await terminal.press("Enter");
    await terminal.see("✓ Changed ada.", /name +Countess/);
  });

  test("sessions are ended, the own one last: then every screen says who is asked to sign in", async () => {
    const terminal = await open("5", /▸ root +twilio_sms +127\.0\.0\.1/);
    await terminal.press("s");
    terminal.type("laptop left on a train");
    await terminal.see("sallyport session end --user root --reason 'laptop left on a train'");
    await terminal.press("Enter");
    await terminal.see("r tries again.");
    assert.equal((await run("acr list")).code, 3);
    await terminal.press("q");
    await terminal.see("ended with 0");
  });
});
