/**
 * The status callback end to end: posts to our own public URL what Twilio would post, signed as Twilio signs, about a
 * message that nobody has sent; and once with a wrong signature, which has to be refused. It goes the way of the name, the
 * certificate and the proxy, but from this host: that Twilio's network gets as far is proven by a delivered test message.
 */
import * as http from "node:http";
import * as https from "node:https";
import type { Finding } from "../../../core/finding.ts";
import { whole } from "../../../kits/http/whole.ts";
import type { CheckDeps } from "./check-deps.ts";
import { OVERDUE } from "./refusals.ts";

const CHECK = "twilio.callback";
const LARGEST = 64 * 1024;
/** A message id as Twilio gives them, of none that there is. */
const NO_MESSAGE = `SM${"0".repeat(32)}`;

const error = (message: string, remedy: string): readonly Finding[] => [
  { level: "error", check: CHECK, message, remedy },
];

/** Never throws. */
export async function checkCallback(deps: CheckDeps, report: URL | undefined): Promise<readonly Finding[]> {
  if (report === undefined) return [];
  const url = deps.callback(report);
  if (url === undefined)
    return [
      {
        level: "warning",
        check: CHECK,
        message: `Twilio is given no status callback: ${report.origin} is no public https address it would take. Nobody learns what became of a text.`,
        remedy: "Give issuer a public https name without an underscore.",
      },
    ];
  const { default: twilio } = await import("twilio");
  const fields = { AccountSid: deps.config.accountSid, MessageSid: NO_MESSAGE, MessageStatus: "sent" };
  const [token] = deps.config.authTokens;
  const signed = (key: string) => twilio.getExpectedTwilioSignature(key, url, fields);
  try {
    const wrong = new URL(url);
    // With API keys alone our own signature in the URL is all there is.
    if (token === undefined) wrong.searchParams.set("sig", "wrong");
    const refused = await post(wrong.href, fields, token === undefined ? undefined : signed("wrong"), deps);
    const taken = await post(url, fields, token === undefined ? undefined : signed(token.reveal()), deps);
    return verdict(refused, taken, report.origin);
  } catch (problem) {
    return unreachable((problem as { code?: string }).code ?? "", report);
  }
}

function post(
  url: string,
  fields: Readonly<Record<string, string>>,
  signature: string | undefined,
  { timeoutMs }: CheckDeps,
): Promise<number> {
  const { request } = url.startsWith("https:") ? https : http;
  const req = request(url, {
    method: "POST",
    agent: false,
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      ...(signature === undefined ? {} : { "x-twilio-signature": signature }),
    },
  });
  const failure = (code: string) => Object.assign(new Error("no answer"), { code });
  const body = new URLSearchParams(fields).toString();
  return whole(req, body, { timeoutMs, largest: LARGEST, overdue: OVERDUE, failure }).then(
    ({ status }) => status,
  );
}

function verdict(refused: number, taken: number, origin: string): readonly Finding[] {
  if (taken === 204 && refused === 403)
    return [
      {
        level: "ok",
        check: CHECK,
        message: `${origin} takes a status callback that is signed, and refuses one that is not (asked from this host).`,
      },
    ];
  if (taken === 204)
    return error(
      `${origin} takes a status callback whose signature is wrong (it answered ${refused}): another program answers there.`,
      "See to it that the proxy hands /twilio/status on to Sallyport.",
    );
  if (taken === 403)
    return error(
      `${origin} refuses status callbacks that are signed as Twilio signs them: nobody learns what became of a text.`,
      "The proxy must hand path, query and Host on unchanged, and the running server must have this twilio_token: restart it where sallyport.yaml has changed.",
    );
  if (taken === 421)
    return error(
      `${origin} hands on another host name than its own (421), so status callbacks are lost.`,
      "Let the proxy hand the Host header on unchanged (nginx: proxy_set_header Host $host).",
    );
  if (taken >= 300 && taken < 400)
    return error(
      `${origin} redirects status callbacks (${taken}), and Twilio signs the first address.`,
      "Give issuer the address that answers without a redirect.",
    );
  return error(
    `${origin} answers status callbacks with ${taken}.`,
    taken >= 500
      ? "See data/logs/server.log, and whether the proxy reaches the server."
      : "See to it that the proxy hands POST /twilio/status on to Sallyport.",
  );
}

function unreachable(code: string, { origin, hostname }: URL): readonly Finding[] {
  const remedy =
    code === "ENOTFOUND" || code === "EAI_AGAIN"
      ? `The name ${hostname} is not known here: set its DNS record.`
      : /CERT|SSL|TLS|SIGNED|ISSUER|ALTNAME/.test(code)
        ? "Mend the certificate: Twilio verifies it as a browser does."
        : "Start the server, and check the proxy, the firewall and the DNS record.";
  return error(`${origin} cannot be reached for status callbacks (${code || "no answer"}).`, remedy);
}
