/**
 * Another node that asks for sends: `node sending-process.ts PLACE ACT [FIRST COUNT]`. `many` says `ready`, waits for a line,
 * asks COUNT times at once for numbers of one block from accounts of its own, and prints how many may go out. `steady` asks
 * for one after the other, and says `go` after each that may, until it is killed.
 */
import { writeSync } from "node:fs";
import process from "node:process";
import { createSending } from "../../src/core/sending.ts";
import { sendingSchema } from "../../src/core/sending-settings.ts";
import { createStorage } from "./storage.ts";
import { fromText, testSealer } from "./stores.ts";

const [place = "", act, first = "0", count = "0"] = process.argv.slice(2);
const store = await fromText(place);
const storage = createStorage({ store: store.records, sealer: testSealer(), now: Date.now });
const address = { hour: 1000, day: 1000 };
const settings = sendingSchema.parse({
  strangers: { address },
  owners: { server: { hour: 200, day: 200 }, address, block100: address },
});
const sending = createSending({ storage, settings: () => settings, now: Date.now });
const say = (line: string) => writeSync(1, `${line}\n`);

if (act === "many") {
  say("ready");
  await new Promise((resolve) => process.stdin.once("data", resolve));
  process.stdin.destroy();
  const answers = await Promise.all(
    Array.from({ length: Number(count) }, (_, index) => {
      const n = Number(first) + index;
      return sending.reserve({
        subject: `account-${n % 100}`,
        e164: `+1202555${String(n % 100).padStart(4, "0")}`,
        country: "US",
        address: `192.0.2.${n % 200}`,
        lane: "stranger",
        login: `login-${n}`,
        client: "spa",
      });
    }),
  );
  say(String(answers.filter(({ kind }) => kind === "go").length));
}

for (let n = Number(first); act === "steady"; n += 1) {
  const { kind } = await sending.reserve({
    subject: `steady-${n}`,
    e164: `+33612${String(340_000 + n)}`,
    country: "FR",
    address: "192.0.2.9",
    lane: "owner",
    login: `login-${n}`,
    client: "spa",
  });
  say(kind);
}

await store.close();
