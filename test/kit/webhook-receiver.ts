/** The other end of a webhook gateway, as docs/reference/webhook-gateway.md tells people to build it; it fails on request. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { selfSigned } from "./certificate.ts";

export interface Received {
  readonly type: string;
  readonly key: string;
  readonly to: string;
  readonly text?: string;
  readonly intro?: string;
  readonly code?: string;
}

export interface WebhookReceiver {
  readonly url: string;
  readonly ca: string;
  readonly received: Received[];
  /** What the next message gets instead of being taken. */
  next: ((req: IncomingMessage, res: ServerResponse) => void) | undefined;
  /** Takes the next message and then fails. */
  takeAndDrop: boolean;
  delayMs: number;
  close(): Promise<void>;
}

const MOST_AGE = 300;

export async function startWebhookReceiver(secret: string): Promise<WebhookReceiver> {
  const { cert, key } = selfSigned("localhost", "127.0.0.1");
  const server = createServer({ cert, key }, async (req, res) => {
    const parts: Buffer[] = [];
    for await (const part of req) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString("utf8");
    const answer = (status: number, value: unknown) =>
      void res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    const timestamp = String(req.headers["x-sallyport-timestamp"]);
    const given = Buffer.from(String(req.headers["x-sallyport-signature"]));
    const mac = createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");
    const own = Buffer.from(`v1=${mac}`);
    const age = Math.abs(Date.now() / 1000 - Number(timestamp));
    if (given.length !== own.length || !timingSafeEqual(given, own) || !(age < MOST_AGE))
      return answer(401, {});
    const message = JSON.parse(body) as Received;
    if (message.type === "check") return answer(200, { ok: true });
    const { next, delayMs } = receiver;
    receiver.next = undefined;
    receiver.delayMs = 0;
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs).unref());
    if (next !== undefined) return next(req, res);
    receiver.received.push(message);
    if (receiver.takeAndDrop) {
      receiver.takeAndDrop = false;
      return req.socket.destroy();
    }
    answer(200, { id: `${message.key}/${receiver.received.length}` });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const receiver: WebhookReceiver = {
    url: `https://localhost:${(server.address() as AddressInfo).port}/send?tenant=1`,
    ca: cert,
    received: [],
    next: undefined,
    takeAndDrop: false,
    delayMs: 0,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
