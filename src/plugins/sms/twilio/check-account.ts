/** The account: whether Twilio knows us, whether it is active, a trial, and has money. Used by check.ts. */
import type { Finding } from "../../../core/finding.ts";
import type { CheckDeps } from "./check-deps.ts";

const CHECK = "twilio.account";
const LITTLE = 10;

/** `whole`: its money as well. Throws what the SDK throws. */
export async function checkAccount(
  { client, config: { credentials, accountSid } }: CheckDeps,
  whole: boolean,
): Promise<readonly Finding[]> {
  if (credentials.by === "key") {
    // A standard API key may not read the account itself (error 20003 although it is right).
    await client.messages.list({ limit: 1, pageSize: 1 });
    const found: Finding = { level: "ok", check: CHECK, message: "Twilio accepts the API key." };
    if (!whole) return [found];
    return [
      found,
      {
        level: "skipped",
        check: "twilio.state",
        message:
          "Whether the account is a trial one, suspended or out of money cannot be read with an API key.",
        remedy: "Send a test message (sallyport doctor --to NUMBER): Twilio's answer tells.",
      },
    ];
  }
  const { status, type } = await client.api.v2010.accounts(accountSid).fetch();
  if (status !== "active")
    return [
      {
        level: "error",
        check: CHECK,
        message: `The Twilio account is ${status}: it sends nothing.`,
        remedy:
          status === "closed"
            ? "A closed account does not come back: give twilio_sid and twilio_token of another one."
            : "See the Twilio console for why: most often the money has run out. Recharge, or write to its support.",
      },
    ];
  const money = whole ? await balance(client) : [];
  if (type === "Trial")
    return [
      {
        level: "warning",
        check: CHECK,
        message:
          "Twilio accepts the credentials, but this is a trial account: it sends to verified numbers only (at most five), begins each text with a line of its own, and ends after 30 days.",
        remedy:
          "Upgrade the account in the Twilio console before people sign in; until then verify each tester's number there.",
      },
      ...money,
    ];
  return [
    { level: "ok", check: CHECK, message: "Twilio accepts the credentials, and the account is active." },
    ...money,
  ];
}

/** Sub-accounts and accounts on invoice tell none, or one that says nothing; that is no fault. */
async function balance(client: CheckDeps["client"]): Promise<readonly Finding[]> {
  const found = await client.balance.fetch().catch(() => undefined);
  const amount = Number(found?.balance);
  if (found === undefined || !Number.isFinite(amount) || amount >= LITTLE) return [];
  return [
    {
      level: "warning",
      check: "twilio.balance",
      message: `The Twilio account has ${amount.toFixed(2)} ${/^[A-Z]{3}$/.test(found.currency) ? found.currency : ""} left: with nothing left it is suspended.`,
      remedy: "Recharge it in the Twilio console (Billing) and switch auto-recharge on.",
    },
  ];
}
