/** `sallyport messages check` as it is typed: what it says, and how it ends. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runProgram } from "../kit/processes.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-messages-check-"));
after(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, "messages"));
const write = (texts: object) => writeFileSync(join(folder, "messages", "tr.json"), JSON.stringify(texts));

test("O18: messages check counts the segments of each text, and ends with 1 for one without its code", async () => {
  const ours = await runProgram(["messages", "check"]);
  assert.equal(ours.code, 0, ours.stderr);
  assert.match(ours.stdout, /^messages\/en\.json: sign-in: GSM-7, 1 segment\.$/m);
  assert.match(
    ours.stdout,
    /^messages\/ru\.json: sign-in: UCS-2, 2 segments, 67 characters each because of /m,
  );
  assert.doesNotMatch(ours.stdout, /[3-9] segments/);

  write({ "sign-in": "{code}: {app} giriş kodunuz" });
  const turkish = await runProgram(["messages", "check", folder]);
  assert.equal(turkish.code, 0, turkish.stderr);
  assert.match(
    turkish.stdout,
    /^messages\/tr\.json: sign-in: UCS-2, 2 segments, 67 characters each because of “ş”\.$/m,
  );

  write({ enrol: "{app} giris kodunuz" });
  const without = await runProgram(["messages", "check", folder]);
  assert.equal(without.code, 1);
  assert.match(
    without.stderr,
    /^messages\/tr\.json: enrol does not show \{code\} in every case; write \{code\}/m,
  );

  const nowhere = await runProgram(["messages", "check", join(folder, "nowhere")]);
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.stderr, /nowhere is no folder; give the one that holds your messages\/\./);
});
