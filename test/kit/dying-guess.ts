/**
 * A node that dies between the count and the answer: `dying-guess.ts PLACE CHALLENGE LOGIN CODE COMMITS` checks one code and
 * is killed with SIGKILL, by itself, in the moment its so-many-th commit is durable. Says nothing; a word means it lived.
 */
import process from "node:process";
import { createCodes } from "../../src/core/codes.ts";
import { limitsSchema } from "../../src/core/settings.ts";
import { createStorage } from "./storage.ts";
import { fromText, testKeys, testSealer } from "./stores.ts";

const [place = "", challenge = "", login = "", code = "", last = "1"] = process.argv.slice(2);
const store = await fromText(place);
let commits = 0;
const records: typeof store.records = {
  ...store.records,
  async commit(writes, now) {
    const done = await store.records.commit(writes, now);
    commits += done ? 1 : 0;
    if (commits === Number(last)) process.kill(process.pid, "SIGKILL");
    return done;
  },
};
const codes = createCodes({
  storage: createStorage({ store: records, sealer: testSealer(), now: Date.now }),
  keys: testKeys as never,
  limits: () => limitsSchema.parse({}),
  now: Date.now,
  newId: () => "",
});
const { kind } = await codes.check(challenge, code, login);
process.stdout.write(kind);
await store.close();
