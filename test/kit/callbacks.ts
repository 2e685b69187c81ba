/** Speaks as Twilio does of what became of a message, truly or not. */
import { createHmac } from "node:crypto";
import { request } from "node:http";
import type { Challenge } from "../../src/core/codes.ts";
import { createReportUrls } from "../../src/core/report-url.ts";
import type { TestServer } from "./server.ts";

export type Fields = Readonly<Record<string, string>>;

export interface SentCallback {
  readonly url: string;
  readonly fields: Fields;
  readonly signature?: string | undefined;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** X-Twilio-Signature over a form. */
export const signCallback = (token: string, url: string, fields: Fields): string =>
  createHmac("sha1", token)
    .update(
      url +
        Object.keys(fields)
          .sort()
          .map((name) => name + fields[name])
          .join(""),
    )
    .digest("base64");

/** All challenges there are, in no order. */
export async function challengesOf(server: TestServer): Promise<readonly Challenge[]> {
  const { entries } = await server.parts.storage.records<Challenge>("challenge").page({ limit: 200 });
  return entries.map(({ value }) => value);
}

export function createTwilio(server: TestServer) {
  const { sid, token } = server.simulator.account;
  const issuer = new URL(server.issuer);
  const urls = createReportUrls(issuer, server.parts.keyring, server.parts.now);

  /** The URL of an attempt as the server gave it to the provider. */
  const urlOf = (challenge: Challenge, send = challenge.sends, number = 1, gateway = "twilio_sms") =>
    urls.of({ challenge: challenge.id, send, number, gateway }, challenge.endsAt + 3_600_000).href;

  const fieldsOf = (message: string, status: string, more: Fields = {}): Fields => ({
    AccountSid: sid,
    ApiVersion: "2010-04-01",
    From: "+12025550100",
    MessageSid: message,
    MessageStatus: status,
    SmsSid: message,
    SmsStatus: status,
    To: "+12025550143",
    ...more,
  });

  /** Posts it; answers the status. Without `signature` it is signed as Twilio would. */
  function post(sent: SentCallback): Promise<number> {
    const { url, fields, method = "POST" } = sent;
    const signature = "signature" in sent ? sent.signature : signCallback(token, url, fields);
    const body = sent.body ?? new URLSearchParams(fields).toString();
    const { pathname, search, host } = new URL(url);
    return new Promise((resolve, reject) => {
      const req = request(
        {
          host: "127.0.0.1",
          port: server.port,
          method,
          path: pathname + search,
          setHost: false,
          headers: {
            host,
            "content-type": "application/x-www-form-urlencoded",
            "content-length": String(Buffer.byteLength(body)),
            ...(signature === undefined ? {} : { "x-twilio-signature": signature }),
            ...sent.headers,
          },
        },
        (res) => {
          res.resume();
          res.on("end", () => resolve(res.statusCode ?? 0));
        },
      );
      req.on("error", reject);
      req.end(body);
    });
  }

  return { urlOf, fieldsOf, post, sid, token };
}
