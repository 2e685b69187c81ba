/** `sallyport serve` without an administrator, and the commands of the host about administrators. */
import assert from "node:assert/strict";
import { chownSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runProgram, until } from "../kit/processes.ts";
import { createSite, ISSUER, PASSWORD } from "../kit/serve.ts";

const LINE = `No administrator yet. Create one within 1 hour: sallyport admin bootstrap --host ${ISSUER} --token-file `;

test("L08: a fresh server has nobody in it, says in one line how to begin, and never what the token is", async () => {
  const site = await createSite();
  const node = await site.start();
  const file = join(site.data, "bootstrap.token");
  await until(node.program, async () =>
    node.program.stdout().includes("No administrator") ? true : undefined,
  );
  const lines = node.program.stdout().trimEnd().split("\n");
  assert.deepEqual(lines, [`Sallyport answers as ${ISSUER}`, `${LINE}${file}`]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const token = readFileSync(file, "utf8").trim();
  await site.look(async ({ directory }) => {
    const { users } = await directory.list({ sortBy: "username", limit: 10 });
    assert.deepEqual(users, []);
    for (const name of ["root", "admin", "ada", "grace", "demo"])
      assert.equal(await directory.find(name), undefined, name);
  });
  for (const path of ["/demo", "/dev/phone", "/dev/pages"])
    assert.equal((await node.call("GET", path)).status, 404, path);

  // Until an administrator has a second factor the file stays; then it goes by itself.
  await site.look(async ({ directory, authenticators, phoneKey }) => {
    const chief = await directory.find("chief");
    assert.equal(chief, undefined);
    const { Secret } = await import("../../src/core/secret.ts");
    const added = await directory.write?.add({
      username: "chief",
      password: new Secret(PASSWORD),
      roles: ["admin"],
    });
    assert.equal(added?.kind, "done");
    if (added?.kind !== "done") return;
    const data = { number: "+12025550123", country: "US", verifiedAt: Date.now() };
    const key = phoneKey(data.number);
    await authenticators.bind({ subject: added.user.id, kind: "sms", key, data, boundBy: "window" });
  });
  await until(node.program, async () =>
    statSync(file, { throwIfNoEntry: false }) === undefined ? true : undefined,
  );
  const recovered = await site.command(["admin", "recover", "chief"]);
  assert.deepEqual([recovered.code, recovered.stderr], [0, ""]);
  const path =
    /https:\/\/login\.example\.test(\/admin\/recover\/[\w-]{43})/.exec(recovered.stdout)?.[1] ?? "";
  assert.equal((await node.call("GET", path)).status, 200, "the running server knows the link");
  const nobody = await site.command(["admin", "recover", "nobody"]);
  assert.deepEqual([nobody.code, nobody.stderr], [1, "There is no user nobody.\n"]);
  assert.equal(`${node.program.stdout()}${node.program.stderr()}`.includes(token), false);
  await node.kill();
});

test("L08: nobody but the owner of the data folder opens a way back, not even root", async (t) => {
  if (process.getuid?.() !== 0) return t.skip("only root can give a folder away");
  const site = await createSite();
  await site.command(["user", "add", "ada"], PASSWORD);
  for (const path of [join(site.data, "master.key"), site.data]) {
    const { uid, gid } = statSync(path);
    chownSync(path, 12_345, 12_345);
    const { code, stdout, stderr } = await site.command(["admin", "recover", "ada"]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /belongs to another user \(12345\); run this as that user\.\n$/);
    chownSync(path, uid, gid);
  }
  const { stderr } = await site.command(["admin", "recover", "ada"]);
  assert.equal(stderr, "ada is no active administrator; nothing was opened.\n");
  const empty = await createSite();
  const none = await runProgram(["admin", "recover", "ada", "--config", empty.write(9)]);
  assert.match(none.stderr, /There is no data folder .*; start the server once\./);
});
