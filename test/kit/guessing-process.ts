/**
 * A server process's code check without its web: opens the installation as `serve` does, says `ready`, waits for a line
 * on standard input, fires that many parallel checks of one wrong code and prints what became of them.
 * Started by race.test.ts as `guessing-process.ts CONFIG CHALLENGE LOGIN CODE COUNT`.
 */
import { randomBytes } from "node:crypto";
import process from "node:process";
import { openParts } from "../../src/compose/parts.ts";
import { readConfig } from "../../src/config.ts";
import { createCodes } from "../../src/core/codes.ts";
import { onShared } from "./storage.ts";

const [config = "", challenge = "", login = "", code = "", count = "0"] = process.argv.slice(2);
const parts = await openParts(readConfig(config, process.env), Date.now, { onShared });
const codes = createCodes({
  storage: parts.storage,
  keys: parts.keyring,
  limits: () => parts.config.settings.limits,
  now: parts.now,
  newId: () => randomBytes(16).toString("base64url"),
});
process.stdout.write("ready\n");
await new Promise((resolve) => process.stdin.once("data", resolve));
process.stdin.destroy();
const checks = await Promise.all(
  Array.from({ length: Number(count) }, () => codes.check(challenge, code, login)),
);
process.stdout.write(`${JSON.stringify(checks.map(({ kind }) => kind))}\n`);
await parts.close();
