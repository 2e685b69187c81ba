/** L04: the running server seals its audit, and the command on the host finds what somebody did to the database. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { until } from "../kit/processes.ts";
import { createSite, PASSWORD } from "../kit/serve.ts";
import { signIn } from "../kit/sign-in.ts";

test("L04: `sallyport audit verify` says that the audit is sound, and which event is missing when it is not", async () => {
  const site = await createSite();
  const node = await site.start();
  await site.command(["user", "add", "ada"], PASSWORD);
  await signIn(site, node, "ada", "+12025550147");
  const sound = await until(node.program, async () => {
    const { code, stdout } = await site.command(["audit", "verify"]);
    assert.equal(code, 0);
    return / 0 not sealed yet/.test(stdout) ? stdout : undefined;
  });
  assert.match(sound, /^\d+ events are as they were written, sealed through seal \d+ \([0-9a-f]{16}\)/);

  const database = new DatabaseSync(join(site.data, "sallyport.db"));
  database.exec("drop trigger audit_keeps; delete from audit where kind = 'signed-in'");
  database.close();
  const { code, stdout, stderr } = await site.command(["audit", "verify"]);
  assert.equal(code, 1);
  assert.match(stderr, /^Event \d+ was taken away\.\n\d+ events are as they were written/);
  assert.equal(stdout, "");
  await node.kill();
});
