/** Whose the files of the data folder are, where root runs a command of the host and somebody else the server. */
import assert from "node:assert/strict";
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { makeFile } from "../../src/core/folder-owner.ts";
import { freePort } from "../kit/free-port.ts";
import { runProgram, startProgram, until } from "../kit/processes.ts";
import { createSite, PASSWORD } from "../kit/serve.ts";

/** A user with few rights; whether it has a name does not matter. */
const OTHER = 65_534;

/** A site whose file the other user may read. */
async function createOpenSite() {
  const site = await createSite();
  chmodSync(site.folder, 0o755);
  const file = site.write(await freePort());
  chownSync(file, OTHER, OTHER);
  return { site, file };
}

describe("the data folder's owner", { skip: process.getuid?.() !== 0 }, () => {
  test("S20: what root makes in somebody's data folder is theirs, and their server starts on it", async () => {
    const { site, file } = await createOpenSite();
    mkdirSync(site.data, { mode: 0o700 });
    chownSync(site.data, OTHER, OTHER);
    assert.equal((await runProgram(["user", "add", "ada", "--config", file], { input: PASSWORD })).code, 0);
    const made = readdirSync(site.data);
    assert.deepEqual(
      made.filter((name) => !/-(wal|shm)$/.test(name)),
      ["master.key", "sallyport.db"],
    );
    for (const name of made) {
      const { uid, gid, mode } = statSync(join(site.data, name));
      assert.deepEqual([name, uid, gid, mode & 0o777], [name, OTHER, OTHER, 0o600]);
    }
    const server = startProgram(["serve", "--config", file], { user: OTHER });
    await until(server, async () => (server.stdout().includes("answers as") ? true : undefined));
    // Beside a server of theirs too: the log of the database stays theirs.
    assert.equal((await runProgram(["user", "add", "bob", "--config", file], { input: PASSWORD })).code, 0);
    for (const name of readdirSync(site.data)) assert.equal(statSync(join(site.data, name)).uid, OTHER, name);
    assert.equal((await server.end("SIGTERM")).code, 0);
  });

  test("a folder of root's, or a key or database of root's in it, is told with its owner and the command that mends it", async () => {
    const { site, file } = await createOpenSite();
    assert.equal((await runProgram(["user", "add", "ada", "--config", file], { input: PASSWORD })).code, 0);
    const asOther = async () => {
      const { code, stdout, stderr } = await runProgram(["serve", "--config", file], { user: OTHER });
      assert.deepEqual([code, stdout], [1, ""]);
      return stderr;
    };
    const owner = String.raw`it belongs to root, and this program runs as \S+; as root: chown`;
    assert.match(
      await asOther(),
      new RegExp(
        `^The data folder ${site.data} cannot be written \\(EACCES\\): ${owner} -R \\S+ ${site.data}\\. Or name a folder .*\\n$`,
      ),
    );
    chownSync(site.data, OTHER, OTHER);
    const key = join(site.data, "master.key");
    assert.match(
      await asOther(),
      new RegExp(`^The master key ${key} cannot be read \\(EACCES\\): ${owner} -R \\S+ ${site.data}\\.\\n$`),
    );
    chownSync(key, OTHER, OTHER);
    const database = join(site.data, "sallyport.db");
    assert.match(
      await asOther(),
      new RegExp(
        `^The database ${database} cannot be written: permission denied, ${owner} \\S+ ${database}\\.\\n$`,
      ),
    );
    chownSync(database, OTHER, OTHER);
    const server = startProgram(["serve", "--config", file], { user: OTHER });
    await until(server, async () => (server.stdout().includes("answers as") ? true : undefined));
    assert.equal((await server.end("SIGTERM")).code, 0);
  });

  test("a link that the folder's owner has put in a file's place is neither followed nor given away", async () => {
    const { site } = await createOpenSite();
    const theirs = join(site.folder, "theirs");
    mkdirSync(theirs);
    chownSync(theirs, OTHER, OTHER);
    const secret = join(site.folder, "of-root");
    makeFile(secret, "root's");
    for (const target of [secret, join(site.folder, "not-there")]) {
      const link = join(theirs, `link-${target === secret}`);
      symlinkSync(target, link);
      assert.throws(() => makeFile(link, "x"), { code: "EEXIST" });
      assert.ok(lstatSync(link).isSymbolicLink());
    }
    assert.equal(statSync(secret).uid, 0);
    assert.deepEqual(readdirSync(site.folder).includes("not-there"), false);
  });
});
