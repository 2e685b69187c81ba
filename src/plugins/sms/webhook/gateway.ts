/**
 * A gateway of one's own behind a signed JSON POST (exchange.ts); docs/reference/webhook-gateway.md is written for whoever
 * builds the other end. Called by core/delivery through the SmsGateway port; opened by compose. It tries nothing twice,
 * logs nothing and throws nothing; a receiver tells no receipts, so what it took counts as sent.
 */
import { z } from "zod";
import type { Finding } from "../../../core/finding.ts";
import type { GatewayPlugin, Receipt, SmsGateway, SmsRefusal } from "../../../core/sms.ts";
import { type Answer, createExchange, OVERDUE } from "./exchange.ts";
import { DESCRIPTIONS, SECRETS, TARGETS, type WebhookConfig, webhookSchema } from "./properties.ts";

export interface WebhookDeps {
  /** Milliseconds for one exchange; 4000 unless told. */
  readonly timeoutMs?: number | undefined;
  readonly ca?: string | undefined;
  readonly allows?: ((address: string) => boolean) | undefined;
}

/** The webhook gateway of the catalogue. */
export const webhookGateway: GatewayPlugin<WebhookConfig, WebhookDeps> = {
  type: "webhook",
  schema: webhookSchema,
  secrets: SECRETS,
  targets: TARGETS,
  descriptions: DESCRIPTIONS,
  open: async (config, deps) => createGateway(config, deps),
};

/** What a receiver may call its refusal; any other word is `other`. */
const WORDS: readonly SmsRefusal[] = [
  "number-unusable",
  "number-unknown",
  "landline",
  "number-blocked",
  "unreachable",
  "carrier-blocked",
  "filtered",
  "not-delivered",
  "risk-blocked",
  "no-route",
  "region-not-enabled",
  "suspended",
  "credentials",
  "sender",
  "busy",
  "provider-down",
];

const accepted = z.looseObject({ id: z.string().regex(/^[\x21-\x7e]{1,200}$/) });
const refused = z.looseObject({ error: z.string(), code: z.int().min(0).max(999_999).optional() });

function createGateway(config: WebhookConfig, { timeoutMs = 4000, ca, allows }: WebhookDeps): SmsGateway {
  const post = createExchange({ url: config.url, secret: config.secret, timeoutMs, ca, allows });

  async function exchange(message: Readonly<Record<string, unknown>>): Promise<Receipt> {
    try {
      return receiptOf(await post(message));
    } catch (problem) {
      const { code } = problem as { code?: string };
      return code === OVERDUE
        ? { kind: "refused", reason: "no-answer" }
        : { kind: "refused", reason: "provider-down", network: code };
    }
  }

  return {
    send: ({ to, text, key, validFor }) =>
      exchange({ type: "sms", key, to: to.reveal(), text: text.reveal(), validFor }),
    call: config.calls
      ? ({ to, speech: { language, intro, again, bye, code }, key }) =>
          exchange({ type: "call", key, to: to.reveal(), language, intro, again, bye, code: code.reveal() })
      : undefined,
    async check(): Promise<readonly Finding[]> {
      const { host } = config.url;
      const error = (what: string): readonly Finding[] => [
        { level: "error", message: `The webhook at ${host} ${what}.` },
      ];
      try {
        const answer = await post({ type: "check" });
        if (answer.status === 401 || answer.status === 403)
          return error("refuses our signature; compare its secret with ours, and the clocks");
        if (answer.status < 200 || answer.status > 299)
          return error(`answers the check with status ${answer.status}; see its log`);
        return [{ level: "ok", message: `The webhook at ${host} takes our signature.` }];
      } catch (problem) {
        return (problem as { code?: string }).code === "EACCES"
          ? error("has an address inside the network; give one on the public Internet")
          : error("cannot be reached; check its name, its certificate and the network");
      }
    },
  };
}

function receiptOf({ status, body }: Answer): Receipt {
  const no = refused.safeParse(body);
  if (no.success) {
    const { error, code } = no.data;
    const reason = WORDS.find((word) => word === error) ?? "other";
    return { kind: "refused", reason, ...(code === undefined ? {} : { providerCode: code }) };
  }
  if (status === 401 || status === 403) return { kind: "refused", reason: "credentials" };
  if (status === 429) return { kind: "refused", reason: "busy" };
  if (status >= 500) return { kind: "refused", reason: "provider-down" };
  const yes = status >= 200 && status < 300 ? accepted.safeParse(body) : undefined;
  return yes?.success === true ? { kind: "accepted", id: yes.data.id } : { kind: "refused", reason: "other" };
}
