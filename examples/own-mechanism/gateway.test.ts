/**
 * A gateway of one's own over a plain HTTP API, and the suite that a gateway passes. The provider is a small server of
 * this file: a real one is put in its place by another `open`.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type GatewayUnderTest, type ProviderFailure, smsGatewayContract } from "sallyport/contracts";
import type { Receipt, SmsGateway, SmsRefusal } from "sallyport/gateway";

const KEY = "a-key-of-the-provider";
type Sent = { kind: "sms" | "call"; to: string; text: string };

/** What the provider's errors mean to a person. */
const REASONS: Readonly<Record<number, SmsRefusal>> = {
  401: "credentials",
  404: "number-unusable",
  422: "landline",
  429: "busy",
};

function openGateway(base: string, key: string, timeoutMs = 4_000): SmsGateway {
  async function post(body: Sent): Promise<Receipt> {
    try {
      const answer = await fetch(new URL("/messages", base), {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (answer.status >= 500) return { kind: "refused", reason: "provider-down" };
      if (!answer.ok) return { kind: "refused", reason: REASONS[answer.status] ?? "other" };
      const { id } = (await answer.json()) as { id?: unknown };
      return typeof id === "string" ? { kind: "accepted", id } : { kind: "refused", reason: "other" };
    } catch (problem) {
      const late = (problem as Error).name === "TimeoutError";
      return { kind: "refused", reason: late ? "no-answer" : "provider-down" };
    }
  }
  return {
    send: ({ to, text }) => post({ kind: "sms", to: to.reveal(), text: text.reveal() }),
    call: ({ to, speech }) =>
      post({
        kind: "call",
        to: to.reveal(),
        text: `${speech.intro} ${speech.again} ${[...speech.code.reveal()].join(" ")} ${speech.bye}`,
      }),
    async check() {
      try {
        const answer = await fetch(new URL("/me", base), { headers: { authorization: `Bearer ${key}` } });
        if (answer.ok) return [{ level: "ok", message: "The provider knows this account." }];
        return [{ level: "error", message: "The provider does not know this key; make a new one." }];
      } catch {
        return [{ level: "error", message: "The provider does not answer; look at its address." }];
      }
    },
  };
}

smsGatewayContract("a stranger's", async (): Promise<GatewayUnderTest> => {
  const sent: Sent[] = [];
  let delay = 0;
  let next: ((response: ServerResponse) => void) | undefined;
  const provider = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      if (request.headers.authorization !== `Bearer ${KEY}`) return response.writeHead(401).end();
      if (request.url === "/me") return response.writeHead(200).end();
      if (next !== undefined) {
        const fail = next;
        next = undefined;
        return fail(response);
      }
      sent.push(JSON.parse(Buffer.concat(parts).toString()));
      const answer = () => response.end(JSON.stringify({ id: `m${sent.length}` }));
      if (delay === 0) answer();
      else setTimeout(answer, delay).unref();
    });
  });
  await new Promise<void>((resolve) => void provider.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  const status = (code: number, reason: SmsRefusal): ProviderFailure => ({
    name: `status ${code}`,
    reason,
    arrange: async () => {
      next = (response) => void response.writeHead(code).end();
    },
  });
  return {
    open: async (timeoutMs) => openGateway(base, KEY, timeoutMs),
    openNowhere: async () => openGateway("http://127.0.0.1:9", KEY),
    openStranger: async () => openGateway(base, "another-key"),
    taken: async () => sent.filter(({ kind }) => kind === "sms").map(({ to, text }) => ({ to, body: text })),
    called: async () =>
      sent.filter(({ kind }) => kind === "call").map(({ to, text }) => ({ to, said: text })),
    async clear() {
      sent.length = 0;
      delay = 0;
      next = undefined;
    },
    async hang(ms) {
      delay = ms;
    },
    failures: [
      ...([500, 502, 503, 504] as const).map((code) => status(code, "provider-down")),
      ...([400, 402, 418] as const).map((code) => status(code, "other")),
      status(401, "credentials"),
      status(404, "number-unusable"),
      status(422, "landline"),
      status(429, "busy"),
    ],
    secrets: [KEY],
    close: async () => {
      provider.closeAllConnections();
      provider.close();
    },
  };
});
