/** A SQLite file that cannot be used: one sentence, and not a byte of it changed. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, it } from "node:test";
import { statement } from "../../src/kits/sql/database.ts";
import { openSqlite } from "../../src/kits/sql/sqlite.ts";
import { sqlStore } from "../../src/plugins/stores/sql/store.ts";
import { temporaryFolder } from "../kit/stores.ts";

describe("A SQLite file", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = temporaryFolder();
    file = path.join(folder, "store.db");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const open = () => sqlStore.open({ type: "sqlite", file }, { now: Date.now });
  /** A filled database, closed. */
  async function filled(): Promise<Buffer> {
    const store = await open();
    for (let index = 0; index < 200; index += 1)
      await store.audit.append({ kind: "signed-in", at: index, subject: `person ${index}` });
    await store.close();
    return readFileSync(file);
  }

  it("is readable by its owner alone, like what SQLite keeps next to it", async () => {
    const store = await open();
    await store.audit.append({ kind: "signed-in", at: 1 });
    for (const name of [file, `${file}-wal`, `${file}-shm`])
      assert.equal(statSync(name).mode & 0o777, 0o600, name);
    await store.close();
    chmodSync(file, 0o644);
    await (await open()).close();
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it("that is no database is refused and left as it is", async () => {
    for (const content of [
      "not a database at all, but a text of somebody",
      "SQLite format 3\0 and then nothing",
    ]) {
      writeFileSync(file, content.repeat(50));
      await assert.rejects(open(), {
        code: "store-damaged",
        message: /is damaged or is not a SQLite database/,
      });
      assert.equal(readFileSync(file, "utf8"), content.repeat(50));
      assert.equal(existsSync(`${file}-wal`), false);
    }
  });

  it("that is damaged in its middle or cut off is refused and left as it is", async () => {
    const whole = await filled();
    const scribbled = Buffer.from(whole);
    scribbled.fill(0xa5, 4096, 4096 * 3);
    for (const damaged of [scribbled, whole.subarray(0, Math.floor(whole.length / 8192) * 4096 + 100)]) {
      writeFileSync(file, damaged);
      await assert.rejects(open(), { code: "store-damaged" });
      assert.deepEqual(readFileSync(file), damaged);
    }
    writeFileSync(file, whole);
    await (await open()).close();
  });

  it("in a folder that cannot be written, or that is none, is refused in one sentence", async () => {
    writeFileSync(path.join(folder, "file"), "");
    mkdirSync(path.join(folder, "sub.db"));
    for (const place of ["file/store.db", "sub.db"]) {
      file = path.join(folder, place);
      await assert.rejects(open(), { code: "store-unavailable", message: /cannot be written: .*\.$/ });
    }
    const closed = path.join(folder, "closed");
    mkdirSync(closed, { mode: 0o555 });
    file = path.join(closed, "store.db");
    await asNobody(folder, () =>
      assert.rejects(open(), { code: "store-unavailable", message: /permission denied/ }),
    );
  });

  it("that another process holds locked is waited for without holding the event loop", async () => {
    await filled();
    const store = await open();
    const other = new DatabaseSync(file);
    other.exec("begin immediate");
    let turns = 0;
    const ticker = setInterval(() => {
      turns += 1;
    }, 5);
    setTimeout(() => other.exec("commit"), 300);
    await store.audit.append({ kind: "signed-out", at: 1 });
    clearInterval(ticker);
    assert.ok(turns > 5, `the event loop turned ${turns} times meanwhile`);
    other.close();
    await store.close();
  });

  it("opened read-only shows what is there and takes no write", async () => {
    await filled();
    const database = await openSqlite({ file, readOnly: true });
    const { rows } = await database.run(statement<{ n: number }>("select count(*) as n from audit"));
    assert.equal(rows[0]?.n, 200);
    await assert.rejects(database.run(statement("delete from audit")), { code: "store-unavailable" });
    await database.close();
    await assert.rejects(openSqlite({ file: `${file}.none`, readOnly: true }), { code: "store-unavailable" });
  });
});

/** Root may write everywhere; permissions mean something only to somebody else. */
async function asNobody(folder: string, act: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return act();
  chmodSync(folder, 0o755);
  process.seteuid?.(65_534);
  try {
    await act();
  } finally {
    process.seteuid?.(0);
  }
}
