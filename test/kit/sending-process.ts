/**
 * Another node that asks for sends: `node sending-process.ts PLACE FIRST COUNT`. Says `ready`, waits for a line, asks COUNT
 * times at once for numbers of one block from accounts of its own, and prints how many may go out.
 */
import process from "node:process";
import { createSending } from "../../src/core/sending.ts";
import { sendingSchema } from "../../src/core/sending-settings.ts";
import { createStorage } from "../../src/core/storage.ts";
import { fromText, testSealer } from "./stores.ts";

const [place = "", first = "0", count = "0"] = process.argv.slice(2);
const store = await fromText(place);
const storage = createStorage({ store: store.records, sealer: testSealer(), now: Date.now });
const settings = sendingSchema.parse({ strangers: { address: { hour: 1000, day: 1000 } } });
const sending = createSending({ storage, settings: () => settings, now: Date.now });
process.stdout.write("ready\n");
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
process.stdout.write(`${answers.filter(({ kind }) => kind === "go").length}\n`);
await store.close();
