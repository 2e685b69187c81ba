/** What Twilio asks for a message or call: told by the resource some time after its end, null until then. */
import type { Twilio } from "twilio";
import type { ProviderPrice } from "../../../core/sms.ts";
import { readFailure } from "./refusals.ts";

const NOT_FOUND = 20404;

/** Asks once; never throws for what Twilio answers. */
export async function priceOf(client: Twilio, id: string): Promise<ProviderPrice> {
  try {
    const resource = id.startsWith("CA") ? client.calls(id) : client.messages(id);
    const { price, priceUnit } = await resource.fetch();
    // Twilio writes what it takes with a minus: "-0.00750".
    const amount = price === null || price === "" ? Number.NaN : Math.abs(Number(price));
    if (!Number.isFinite(amount)) return { kind: "later" };
    return { kind: "known", amount, currency: String(priceUnit).toUpperCase() };
  } catch (problem) {
    const { reason, providerCode } = readFailure(problem);
    if (providerCode === NOT_FOUND) return { kind: "gone" };
    return { kind: reason === "other" ? "later" : "away" };
  }
}
