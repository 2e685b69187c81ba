/** `--to NUMBER`: a real message without a code, and what becomes of it. It costs what a text costs, and the audit keeps it. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Finding } from "../../core/finding.ts";
import type { GatewayEntry } from "../../core/gateway-line.ts";
import { PhoneNumber, Secret } from "../../core/secret.ts";
import type { Fate, Receipt, SmsRefusal } from "../../core/sms.ts";
import { SMS_REMEDIES } from "../../core/sms-remedies.ts";
import type { Json } from "../../core/words.ts";
import type { DoctorWish } from "../../surfaces/admin/host/doctor.ts";
import { createGateways } from "../gateway.ts";
import { countriesOf } from "./gateways.ts";
import type { Looked } from "./looked.ts";

const CHECK = "test-message";
const VALID = 300;
const ENDS: readonly Fate["state"][] = ["delivered", "undelivered", "failed", "canceled"];

const finding = (level: Finding["level"], message: string, remedy?: string): readonly Finding[] => [
  { level, check: CHECK, message, ...(remedy === undefined ? {} : { remedy }) },
];

/** Sends through the first gateway, the one that codes go through first. */
export async function sendTest(
  at: Looked,
  to: string,
  { waitMs }: Pick<DoctorWish, "waitMs">,
): Promise<readonly Finding[]> {
  const { phones, document, config } = at;
  const allowedCountries = countriesOf(document, phones);
  const country = phones.countryOf(to.replace(/[\s().-]/g, ""));
  if (country === undefined)
    return finding(
      "error",
      "--to is no telephone number; nothing was sent.",
      "Write it in international form, such as +12025550143.",
    );
  const number = new PhoneNumber(to.replace(/[\s().-]/g, ""));
  const [entry] = await createGateways(() => document, undefined)();
  if (entry === undefined)
    return finding("error", "There is no gateway; nothing was sent.", "Enable twilio_sms.");
  const text = new Secret(
    `${document.brand}: a test message from ${config.issuer.hostname}. It holds no code, and there is nothing to do.`,
  );
  const receipt = await entry.gateway.send({ to: number, text, key: randomUUID(), validFor: VALID });
  await tellAudit(at, entry, number, country, receipt);
  const abroad =
    allowedCountries === "all" || allowedCountries.includes(country)
      ? []
      : finding(
          "warning",
          `${country} is not among countries: a person could not add this number here.`,
          "Add it to countries where people have such numbers.",
        );
  const came =
    receipt.kind === "refused"
      ? refused(number, receipt.reason, receipt.providerCode)
      : await followed(entry, number, receipt.id, waitMs);
  return [...came, ...abroad];
}

/** Written after the send: it is an account of what was done, and nothing is made dependent on it. */
async function tellAudit(
  { parts }: Looked,
  { name }: GatewayEntry,
  number: PhoneNumber,
  country: string,
  receipt: Receipt,
): Promise<void> {
  const facts: Record<string, Json> = {
    phone: number.toString(),
    country,
    gateway: name,
    by: "host",
    ...(receipt.kind === "accepted"
      ? { messageId: receipt.id }
      : { reason: receipt.reason, providerCode: receipt.providerCode ?? null }),
  };
  await parts?.audit.append({ kind: "test-message", at: parts.now(), facts });
}

function refused(number: PhoneNumber, reason: SmsRefusal, code: number | undefined): readonly Finding[] {
  const { means, remedy } = SMS_REMEDIES[reason];
  return finding(
    "error",
    `The test message to ${number} was refused: ${means}${code === undefined ? "" : ` (error ${code})`}.`,
    remedy,
  );
}

async function followed(
  { gateway }: GatewayEntry,
  number: PhoneNumber,
  id: string,
  waitMs: number,
): Promise<readonly Finding[]> {
  if (gateway.look === undefined)
    return finding("ok", `The gateway took the test message to ${number}; it tells no more of it.`);
  const began = Date.now();
  let last: Fate | undefined;
  for (let pause = 250; ; pause = Math.min(pause * 2, 2000)) {
    await sleep(Math.min(pause, Math.max(0, began + waitMs - Date.now())));
    last = (await gateway.look(id)) ?? last;
    if ((last !== undefined && ENDS.includes(last.state)) || Date.now() - began >= waitMs) break;
  }
  const seconds = Math.round((Date.now() - began) / 1000);
  if (last?.state === "delivered")
    return finding("ok", `The test message to ${number} was delivered after ${seconds} s.`);
  if (last !== undefined && ENDS.includes(last.state)) {
    const { means, remedy } = SMS_REMEDIES[last.reason ?? "other"];
    const code = last.providerCode === undefined ? "" : ` (error ${last.providerCode})`;
    return finding(
      "error",
      `The test message to ${number} did not arrive: ${means}${code}. Its id: ${id}.`,
      remedy,
    );
  }
  if (last?.state === "sent")
    return finding(
      "warning",
      `The carrier took the test message to ${number}, and has not said within ${seconds} s that it arrived. Its id: ${id}.`,
      "Look at the phone: many carriers never say. Where it did not come, ask the provider with the id.",
    );
  return finding(
    "warning",
    `The provider has the test message to ${number} (${last?.state ?? "it says nothing of it"}), and it has not gone on within ${seconds} s. Its id: ${id}.`,
    "See status.twilio.com and the sender's throughput; wait longer with --wait.",
  );
}
