/** The two tutorials about scripts, run as they are written against one demo, with the sign-ins they tell of. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startDemo } from "../kit/demo.ts";
import { createVisitor, textOf } from "../kit/visitor.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pageOf = (name: string) => readFileSync(path.join(root, "docs/tutorials", name), "utf8");
const blocks = (page: string, language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(
    ([, text = ""]) => text,
  );
const PASSWORD = "two doors, one open";

const demo = await startDemo();
const bin = path.join(demo.folder, "bin");
mkdirSync(bin);
mkdirSync(demo.home, { recursive: true });
writeFileSync(
  path.join(bin, "sallyport"),
  `#!/bin/sh\nexec "${process.execPath}" "${path.join(root, "src/main.ts")}" "$@"\n`,
);
chmodSync(path.join(bin, "sallyport"), 0o700);

/** One block of a page, as a person pastes it. */
function shell(script: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn("bash", ["-eu", "-o", "pipefail", "-c", script], {
      cwd: demo.folder,
      env: { PATH: `${bin}:${process.env.PATH}`, HOME: demo.home },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = { stdout: "", stderr: "" };
    child.stdout.on("data", (part) => {
      said.stdout += part;
    });
    child.stderr.on("data", (part) => {
      said.stderr += part;
    });
    child.on("close", (code) => resolve({ code, ...said }));
  });
}

async function runs(script: string): Promise<string> {
  const { code, stdout, stderr } = await shell(script);
  assert.equal(code, 0, `${script}\n${stdout}\n${stderr}`);
  return `${stdout}${stderr}`;
}

async function signIn(acr: string, username: string) {
  const visitor = createVisitor({ origin: demo.origin });
  const page = await visitor.get(`/demo/login?acr_values=${acr}&prompt=login`);
  return { visitor, next: await visitor.submit(page, { username, password: PASSWORD }) };
}

test("first-mechanism.md: each command does what the page says, and so does the sign-in", async () => {
  const page = pageOf("first-mechanism.md");
  const [create = "", look = "", push = "", broken = "", get = "", mended = "", off = "", ...rest] = blocks(
    page,
    "sh",
  );
  assert.deepEqual(rest, []);
  await runs(create);
  const [shown = "", contract = ""] = blocks(page, "ts");
  assert.equal(
    readFileSync(path.join(demo.folder, "house.ts"), "utf8"),
    shown,
    "the page shows what is written",
  );
  assert.match(contract, /scriptContract\("house"/);
  const looked = await runs(look);
  assert.match(looked, /the factor house-word, which proves kba/);
  assert.match(looked, /all \d promises hold/);
  assert.match(await runs(push), /enabled/);

  const { visitor, next } = await signIn("house", "grace");
  assert.match(textOf(next.body), /Hello grace[\s\S]*It hangs in the entrance hall/);
  const wrong = await visitor.submit(next, { answer: "harbour" });
  assert.match(textOf(wrong.body), /This is not the word\./);
  await visitor.submit(wrong, { answer: "lighthouse" });
  const claims = JSON.parse((await visitor.get("/demo/claims")).body);
  assert.deepEqual([claims.acr, claims.amr], ["house", ["pwd", "kba"]]);

  await runs(broken);
  const failing = await signIn("house", "grace");
  const end = await failing.visitor.submit(failing.next, { answer: "lighthouse" });
  assert.match(textOf(end.body), /This way of signing in is out of order/);
  const told = /It begins with `It failed at …: ([^`]*)`/.exec(page)?.[1] ?? "";
  assert.ok((await runs(get)).includes(told), told);
  assert.match(
    readFileSync(path.join(demo.data, "logs", "script.log"), "utf8"),
    /A script failed .*on purpose/,
  );

  await runs(mended);
  const again = await signIn("house", "grace");
  await again.visitor.submit(again.next, { answer: "lighthouse" });
  assert.equal(JSON.parse((await again.visitor.get("/demo/claims")).body).acr, "house");
  await runs(off);
  assert.match(await runs("sallyport script get house"), /house: disabled/);
});

test("from-a-gluu-script.md: the attribute is changed by altering the script, and put back it changes back", async () => {
  const [person = "", alter = "", reset = "", ...rest] = blocks(pageOf("from-a-gluu-script.md"), "sh");
  assert.deepEqual(rest, []);
  await runs(person);
  assert.match((await signIn("twilio_sms", "lin")).next.body, /name="phone"/, "no phone is bound");
  const altered = await runs(alter);
  assert.match(altered, /"modified": true/);
  const { visitor, next } = await signIn("twilio_sms", "lin");
  assert.match(next.body, /name="code"/);
  const messages = JSON.parse((await visitor.get("/dev/phone/messages")).body) as {
    to: string;
    body: string;
  }[];
  const message = messages.find(({ to }) => to === "+12025550181");
  assert.ok(message, "the code went to the attribute's number");
  await visitor.submit(next, { code: /\d{6}/.exec(message.body)?.[0] ?? "" });
  const claims = JSON.parse((await visitor.get("/demo/claims")).body);
  assert.deepEqual([claims.acr, claims.amr], ["twilio_sms", ["pwd", "sms", "mfa"]]);
  assert.match(await runs(reset), /twilio_sms is as it came again/);
  assert.match((await signIn("twilio_sms", "lin")).next.body, /name="phone"/);
});

test("a watched file is looked at again at each save, faults or not", async () => {
  const file = path.join(demo.folder, "watched.ts");
  writeFileSync(file, 'export const mechanism = { requires: ["password"] };\n');
  const child = spawn(path.join(bin, "sallyport"), ["script", "check", "watched.ts", "--watch"], {
    cwd: demo.folder,
    env: { PATH: process.env.PATH, HOME: demo.home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (part) => {
      said += part;
    });
  const until = async (pattern: RegExp) => {
    for (let tries = 0; tries < 600 && !pattern.test(said); tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    assert.match(said, pattern);
  };
  try {
    await until(/requires password\.[\s\S]*Waiting|Waiting[\s\S]*requires password\./);
    writeFileSync(file, "export const mechanism = {,};\n");
    await until(/line 1, column 27/);
    writeFileSync(file, 'export const mechanism = { requires: ["password", "sms"] };\n');
    await until(/requires password, sms\./);
  } finally {
    child.kill("SIGKILL");
  }
});
