/** The newcomer's first minutes: `npm start` is `node src/main.ts demo`, and everything below goes over plain HTTP. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { freePort } from "../kit/free-port.ts";
import { type Ending, type Program, runProgram, startProgram, until } from "../kit/processes.ts";
import { createVisitor, type TestVisitor, textOf } from "../kit/visitor.ts";

const PASSWORD = "two doors, one open";
const root = mkdtempSync(join(tmpdir(), "sallyport-first-run-"));
after(() => rmSync(root, { recursive: true, force: true }));

interface Demo {
  readonly program: Program;
  readonly origin: string;
  /** Milliseconds from the start of the process to its first answer. */
  readonly firstAnswer: number;
}

async function startDemo(data: string, port: number): Promise<Demo> {
  const began = performance.now();
  const program = startProgram(["demo"], { env: { PORT: String(port), SALLYPORT_DATA: data }, cwd: root });
  const origin = `http://localhost:${port}`;
  await until(program, async () => ((await fetch(`${origin}/demo`)).ok ? true : undefined));
  const firstAnswer = performance.now() - began;
  await until(program, async () => (program.stdout().split("\n").length > 4 ? true : undefined));
  return { program, origin, firstAnswer };
}

const demoFails = (data: string, port: number): Promise<Ending> =>
  runProgram(["demo"], { env: { PORT: String(port), SALLYPORT_DATA: data }, cwd: root });

async function lastCode(origin: string, to: string): Promise<string> {
  const messages = (await (await fetch(`${origin}/dev/phone/messages`)).json()) as {
    to: string;
    body: string;
  }[];
  return /#(\d{6})$/.exec(messages.findLast((one) => one.to === to)?.body ?? "")?.[1] ?? "";
}

const claimsOf = async (visitor: TestVisitor): Promise<Record<string, unknown>> =>
  JSON.parse((await visitor.get("/demo/claims")).body) as Record<string, unknown>;

const hashes = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [file, createHash("sha256").update(readFileSync(file)).digest("hex")]),
  );

describe("the newcomer's path", () => {
  const data = join(root, "demo");
  let port: number;
  let demo: Demo;
  let visitor: TestVisitor;
  let keys: string;
  before(async () => {
    port = await freePort();
    demo = await startDemo(data, port);
    visitor = createVisitor({ origin: demo.origin });
  });

  test("four lines say what this is, where to click, where the text arrives and how to configure it", () => {
    const lines = demo.program.stdout().trimEnd().split("\n");
    assert.equal(lines.length, 4, demo.program.stdout());
    assert.match(lines[0] ?? "", /demo.*this machine only.*not for production/);
    assert.match(lines[1] ?? "", new RegExp(`${demo.origin}/demo .*ada.*${PASSWORD}`));
    assert.match(lines[2] ?? "", new RegExp(`${demo.origin}/dev/phone`));
    assert.match(
      lines[3] ?? "",
      /node \S*bin\/sallyport\.js cli .*--operation-id get-config-scripts-by-type/,
    );
    assert.equal(demo.program.stderr(), "");
  });

  test("the demo listens on loopback only", async () => {
    const open = readFileSync("/proc/net/tcp", "utf8")
      .split("\n")
      .concat(readFileSync("/proc/net/tcp6", "utf8").split("\n"));
    const hex = port.toString(16).toUpperCase().padStart(4, "0");
    const listening = open
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => state === "0A" && local?.endsWith(`:${hex}`));
    assert.ok(listening.length > 0);
    for (const [, local] of listening)
      assert.match(local ?? "", /^(0100007F|00000000000000000000000001000000):/);
  });

  test("ada signs in, enrols her phone, reads the text and sees the claims", async () => {
    const first = await visitor.get("/demo/login?acr_values=twilio_sms");
    const number = await visitor.submit(first, { username: "ada", password: PASSWORD });
    assert.match(number.body, /name="phone"/, textOf(number.body));
    const codePage = await visitor.submit(number, { phone: "+1 202 555 0110" });
    assert.match(codePage.body, /name="code"/);
    const shown = await visitor.get("/dev/phone");
    const code = await lastCode(demo.origin, "+12025550110");
    assert.match(code, /^\d{6}$/);
    assert.ok(shown.body.includes(code), "the phone shows it");
    const done = await visitor.submit(codePage, { code });
    assert.equal(done.url.pathname, "/demo");
    const claims = await claimsOf(visitor);
    assert.equal(claims.acr, "twilio_sms");
    assert.deepEqual([...(claims.amr as string[])].sort(), ["mfa", "pwd", "sms"]);
    assert.equal(claims.iss, demo.origin);
  });

  test("data folder and everything in it are for the owner's eyes only", () => {
    assert.equal(statSync(data).mode & 0o777, 0o700);
    for (const file of Object.keys(hashes(data))) assert.equal(statSync(file).mode & 0o777, 0o600, file);
  });

  test("a second start keeps all data: the same keys, the session, ada's phone", async (t) => {
    keys = await (await fetch(`${demo.origin}/jwks`)).text();
    const { code, stderr } = await demo.program.end("SIGTERM");
    assert.deepEqual([code, stderr], [0, ""]);
    t.diagnostic(`first start to first answer: ${Math.round(demo.firstAnswer)} ms`);
    demo = await startDemo(data, port);
    t.diagnostic(`second start to first answer: ${Math.round(demo.firstAnswer)} ms`);
    assert.equal(await (await fetch(`${demo.origin}/jwks`)).text(), keys);

    const silent = await visitor.get("/demo/login?prompt=none&acr_values=twilio_sms");
    assert.equal(silent.url.pathname, "/demo");
    assert.equal((await claimsOf(visitor)).acr, "twilio_sms", "the session cookie is still good");

    const other = createVisitor({ origin: demo.origin });
    const first = await other.get("/demo/login?acr_values=twilio_sms");
    const asked = await other.submit(first, { username: "ada", password: PASSWORD });
    assert.match(asked.body, /name="code"/, "her phone is asked, not enrolled again");
    await other.submit(asked, { code: await lastCode(demo.origin, "+12025550110") });
    assert.equal((await claimsOf(other)).acr, "twilio_sms");
  });

  test("with SALLYPORT_TWILIO_API_BASE the third line says where the texts go instead", async () => {
    const base = "http://127.0.0.1:9/twilio";
    const other = await freePort();
    const program = startProgram(["demo"], {
      env: { PORT: String(other), SALLYPORT_DATA: join(root, "elsewhere"), SALLYPORT_TWILIO_API_BASE: base },
      cwd: root,
    });
    await until(program, async () => (program.stdout().split("\n").length > 4 ? true : undefined));
    const lines = program.stdout().trimEnd().split("\n");
    await program.end("SIGTERM");
    assert.equal(lines.length, 4);
    assert.equal(lines[2]?.trim(), `Texts go to ${base}`);
    assert.doesNotMatch(program.stdout(), /dev\/phone/);
  });

  test("a port in use: one clear sentence, a fault, and the other's data are left alone", async () => {
    const elsewhere = join(root, "port-in-use");
    const { code, stdout, stderr } = await demoFails(elsewhere, port);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, new RegExp(`^Port ${port} is in use; .*PORT=.*\\n$`));
    assert.equal(existsSync(elsewhere), false, "no data folder is made");
    assert.ok((await fetch(`${demo.origin}/demo`)).ok, "the first one goes on");
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const)
    test(`${signal} ends the demo cleanly within 2 s and leaves a whole database`, async () => {
      const began = performance.now();
      const { code, stderr } = await demo.program.end(signal);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.ok(performance.now() - began < 2000);
      const database = new DatabaseSync(join(data, "sallyport.db"), { readOnly: true });
      assert.deepEqual(Object.values(database.prepare("pragma integrity_check").get() ?? {}), ["ok"]);
      database.close();
      demo = await startDemo(data, port);
    });
});

describe("what can be wrong at a start", () => {
  const sound = join(root, "sound");
  let port: number;
  before(async () => {
    port = await freePort();
    const demo = await startDemo(sound, port);
    await demo.program.end("SIGTERM");
  });

  /** Starts on a copy that `harm` has spoilt: one sentence, a fault, and every file is as it was. */
  async function refuses(name: string, harm: (folder: string) => void, sentence: RegExp): Promise<void> {
    const folder = join(root, name);
    cpSync(sound, folder, { recursive: true });
    harm(folder);
    const earlier = hashes(folder);
    const { code, signal, stdout, stderr } = await demoFails(folder, port);
    assert.deepEqual([code, signal, stdout], [1, null, ""], stderr);
    assert.match(stderr, sentence);
    assert.equal(stderr.trimEnd().split("\n").length, 1, `one sentence: ${stderr}`);
    const later = hashes(folder);
    for (const [file, hash] of Object.entries(earlier))
      assert.equal(later[file], hash, `${file} is as it was`);
  }
  const db = (folder: string) => join(folder, "sallyport.db");

  test("a database of random bytes", () =>
    refuses(
      "random",
      (folder) => writeFileSync(db(folder), randomBytes(65_536)),
      /sallyport\.db is damaged/,
    ));

  test("a database cut in half", () =>
    refuses(
      "cut",
      (folder) => truncateSync(db(folder), statSync(db(folder)).size >> 1),
      /sallyport\.db is damaged/,
    ));

  test("a database with a damaged page in its middle", () =>
    refuses(
      "page",
      (folder) => {
        const bytes = readFileSync(db(folder));
        randomBytes(4096).copy(bytes, (bytes.length >> 13) * 4096);
        writeFileSync(db(folder), bytes);
      },
      /sallyport\.db is damaged/,
    ));

  test("another master key", () =>
    refuses(
      "other-key",
      (folder) => writeFileSync(join(folder, "master.key"), `${randomBytes(32).toString("base64")}\n`),
      /master key.*(does not|fit|another)/i,
    ));

  test("a damaged master key", () =>
    refuses(
      "cut-key",
      (folder) => writeFileSync(join(folder, "master.key"), "abc"),
      /master\.key is damaged/,
    ));

  test("no master key beside a database", () =>
    refuses("no-key", (folder) => rmSync(join(folder, "master.key")), /master\.key is gone.*backup/));

  test("a database of a newer version", () =>
    refuses(
      "newer",
      (folder) => {
        const database = new DatabaseSync(db(folder));
        database
          .prepare("insert into schema_migrations (id, checksum, applied_at) values (?, ?, ?)")
          .run("9999-later", "x", 0);
        database.close();
      },
      /made by a newer version.*9999-later/,
    ));

  test("a data folder that cannot be written: a file in its place, and a path where nobody may write", async () => {
    const file = join(root, "a-file");
    writeFileSync(file, "mine");
    for (const place of [file, join(file, "below"), "/proc/sallyport-data"]) {
      const { code, stdout, stderr } = await demoFails(place, port);
      assert.deepEqual([code, stdout], [1, ""], place);
      assert.match(stderr, /^The data folder .* cannot be written \(E[A-Z]+\); set SALLYPORT_DATA to .*\n$/);
    }
    assert.equal(readFileSync(file, "utf8"), "mine");
    assert.equal(existsSync("/proc/sallyport-data"), false);
  });

  test("a PORT that is none: one sentence, and no data folder is made", async () => {
    for (const value of ["http", "0", "70000", "80.5"]) {
      const folder = join(root, `port-${value}`);
      const { code, stderr } = await runProgram(["demo"], { env: { PORT: value, SALLYPORT_DATA: folder } });
      assert.equal(code, 1);
      assert.match(stderr, /^PORT: must be a number from 1 to 65535, not ".*"\n$/);
      assert.equal(existsSync(folder), false);
    }
  });

  test("a port in use is said before anything is written", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
    const address = server.address();
    const taken = typeof address === "object" && address !== null ? address.port : 0;
    const earlier = hashes(sound);
    const { code, stderr } = await demoFails(sound, taken);
    server.close();
    assert.equal(code, 1);
    assert.match(stderr, /^Port \d+ is in use; .*\n$/);
    assert.deepEqual(hashes(sound), earlier);
  });
});
