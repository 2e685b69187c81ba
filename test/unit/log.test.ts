/** The logs: what a line looks like whatever is in it, how files turn over, and what happens when a disk is full. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { after, describe, test } from "node:test";
import { PhoneNumber, Secret } from "../../src/core/secret.ts";
import { openLogFile, openRotating } from "../../src/kits/log/file.ts";
import { openLogs } from "../../src/kits/log/log.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-log-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const place = (): string => join(folder, `logs${++count}`);
const linesOf = (at: string, name = "server.log"): string[] =>
  readFileSync(join(at, name), "utf8").split("\n").slice(0, -1);
const silent = (text: string) => assert.fail(text);

/** Everything that ends a line, moves a cursor, turns the writing round or breaks JSON. */
const BREAKERS =
  'a\r\n2026-01-01T00:00:00.000Z ERROR forged\u001b[2J\u009b31m\u2028\u2029\u0085\u202e\u0000"}{"x":1';

describe("a line", () => {
  for (const layout of ["text", "json"] as const)
    test(`L03: whatever a value, a name or a message holds, it stays one line (${layout})`, async () => {
      const at = place();
      const logs = await openLogs({ folder: at, complain: silent });
      logs.configure({ level: "info", layout });
      logs.server.info(BREAKERS, { agent: BREAKERS, [BREAKERS]: 1, deep: { list: [BREAKERS] } });
      await logs.close();
      const lines = linesOf(at);
      assert.equal(lines.length, 1);
      assert.doesNotMatch(lines[0] ?? "", /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      if (layout === "json")
        assert.equal(JSON.parse(lines[0] ?? "").agent, BREAKERS, "and nothing of it is lost");
      else
        assert.match(lines[0] ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO {2}a\\u000d\\u000a2026/);
    });

  test("L02: secrets and numbers mask themselves at any depth; headers that carry secrets are hidden by name", async () => {
    const at = place();
    const logs = await openLogs({ folder: at, complain: silent });
    logs.configure({ level: "trace", layout: "json" });
    const facts = {
      secret: new Secret("canary-secret"),
      phone: new PhoneNumber("+12025550143"),
      inside: { list: [new Secret("canary-secret")] },
      headers: { authorization: "Bearer canary-secret", cookie: "a=canary-secret", accept: "*/*" },
      request: { headers: { "set-cookie": "canary-secret" } },
      err: new Error("readable"),
    };
    for (const level of ["trace", "debug", "info", "warn", "error"] as const)
      logs.server[level]("Said", facts);
    await logs.close();
    const lines = linesOf(at);
    assert.equal(lines.length, 5);
    for (const line of lines) {
      assert.doesNotMatch(line, /canary|2025550143/);
      assert.match(line, /"\[secret\]".*•••• 43.*"accept":"\*\/\*".*readable/);
    }
  });

  test("level and layout change while it runs; the script log says its lines at every level", async () => {
    const at = place();
    const logs = await openLogs({ folder: at, complain: silent });
    logs.server.debug("not yet");
    logs.configure({ level: "debug", layout: "text" });
    logs.server.debug("now", { revision: 2 });
    logs.configure({ level: "error", layout: "json" });
    logs.server.warn("no more");
    logs.server.error("always");
    logs.script.info("Twilio SMS. Initialization");
    await logs.close();
    const lines = linesOf(at);
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? "", /DEBUG now revision=2$/);
    assert.equal(JSON.parse(lines[1] ?? "").message, "always");
    assert.equal(JSON.parse(linesOf(at, "script.log")[0] ?? "").message, "Twilio SMS. Initialization");
  });
});

describe("a file", () => {
  test("turns over by size, keeps a bounded number of old ones, and is for its owner alone", async () => {
    const at = place();
    mkdirSync(at);
    const file = await openLogFile({
      folder: at,
      name: "server.log",
      complain: silent,
      missing: String,
      open: (where, name) => openRotating(where, name, 1000),
    });
    for (let index = 0; index < 200; index += 1) file.write(`${String(index).padStart(99, "0")}\n`);
    await file.close();
    const names = readdirSync(at).sort();
    assert.deepEqual(names, ["server.log", ...[1, 2, 3, 4, 5].map((index) => `server.log.${index}`)]);
    for (const name of names) {
      const { size, mode } = statSync(join(at, name));
      assert.ok(size <= 1100, `${name} has ${size} bytes`);
      assert.equal(mode & 0o777, 0o600, name);
    }
    assert.match(readFileSync(join(at, "server.log.1"), "utf8"), /199\n$/, "the newest lines are there");
  });

  test("goes on behind what is there when it is opened again", async () => {
    const at = place();
    for (const line of ["one", "two"]) {
      const logs = await openLogs({ folder: at, complain: silent });
      logs.server.info(line);
      await logs.close();
    }
    assert.equal(linesOf(at).length, 2);
  });

  test("that cannot be opened is said at once; a folder that is a file as well", async () => {
    const at = place();
    writeFileSync(at, "in the way");
    await assert.rejects(openLogs({ folder: at, complain: silent }), { code: "ENOTDIR" });
  });

  test("S16: a disk that is full later costs lines and nothing else; it is said once, and again nothing until it works", async () => {
    let full = false;
    let clock = 0;
    const written: string[] = [];
    const complaints: string[] = [];
    const disk = () => {
      const stream = new Writable({
        write(chunk, _encoding, done) {
          if (full) return done(Object.assign(new Error("no space"), { code: "ENOSPC" }));
          written.push(String(chunk));
          done();
        },
      });
      setImmediate(() => stream.emit("open"));
      return stream;
    };
    const file = await openLogFile({
      folder,
      name: "server.log",
      complain: (text) => complaints.push(text),
      missing: (lost) => `${lost} are missing\n`,
      open: disk,
      now: () => clock,
    });
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    file.write("before\n");
    full = true;
    for (let index = 0; index < 5; index += 1) file.write("lost\n");
    await settle();
    clock += 61_000;
    file.write("lost too\n");
    await settle();
    assert.deepEqual(complaints, [
      "The log server.log cannot be written (ENOSPC); the server goes on without it and tries again each minute.",
    ]);
    full = false;
    clock += 30_000;
    file.write("lost while it waits\n");
    clock += 31_000;
    file.write("after\n");
    await settle();
    assert.equal(written[0], "before\n");
    assert.equal(written[1], "7 are missing\n");
    assert.equal(written[2], "after\n");
    await file.close();
  });

  test("whose disk hangs takes a bounded number of lines, and holds nobody back from stopping", async () => {
    const stuck = new Writable({ write() {} });
    setImmediate(() => stuck.emit("open"));
    const file = await openLogFile({
      folder,
      name: "server.log",
      complain: silent,
      missing: String,
      open: () => stuck,
    });
    const line = `${"x".repeat(99_999)}\n`;
    for (let index = 0; index < 100; index += 1) file.write(line);
    assert.ok(stuck.writableLength < 5 * 1024 * 1024, String(stuck.writableLength));
    const began = performance.now();
    await file.close();
    assert.ok(performance.now() - began < 10_000);
  });
});
