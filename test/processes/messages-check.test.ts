/** `sallyport messages check` as it is typed: what it says, and how it ends. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runProgram } from "../kit/processes.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-messages-check-"));
after(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, "messages"));
const write = (texts: object) => writeFileSync(join(folder, "messages", "tr.json"), JSON.stringify(texts));

test("O18: messages check counts the segments of each text, and ends with 1 for one without its code", async () => {
  const sum = await runProgram(["messages", "check"]);
  assert.equal(sum.code, 0, sum.stderr);
  assert.match(sum.stdout, /^messages\/en\.json: \d+ texts, 0 of several segments\.$/m);
  assert.match(sum.stdout, /^messages\/ru\.json: \d+ texts, [1-9]\d* of several segments\.$/m);
  assert.equal(sum.stdout.trimEnd().split("\n").length, 9, "a line for each language, and the sum");
  const ours = await runProgram(["messages", "check", "--all"]);
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

  // A copied text is not the site's own, and says nothing anew.
  const shipped = JSON.parse(
    readFileSync(new URL("../../pages/default/messages/tr.json", import.meta.url), "utf8"),
  ) as Record<string, string>;
  write({ ...shipped, "sign-in": "{code}: {app} giriş kodunuz" });
  const copied = await runProgram(["messages", "check", folder]);
  assert.deepEqual(copied.stdout.trimEnd().split("\n"), turkish.stdout.trimEnd().split("\n"));
  assert.match(copied.stdout, /^1 text in all that can be sent, 1 of several segments\.$/m);
  assert.ok((await runProgram(["messages", "check", folder, "--all"])).stdout.split("\n").length > 40);

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
