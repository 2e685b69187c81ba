/** The webhook gateway against a real receiver over TLS; and what it must never be talked into. */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { createServer } from "node:net";
import { after, test } from "node:test";
import { PhoneNumber, Secret } from "../../src/core/secret.ts";
import { type WebhookDeps, webhookGateway } from "../../src/plugins/sms/webhook/gateway.ts";
import {
  type GatewayUnderTest,
  type ProviderFailure,
  smsGatewayContract,
} from "../../src/public/gateway-contract.ts";
import { startWebhookReceiver } from "../kit/webhook-receiver.ts";

const SECRET = "a shared secret of the two ends, long enough";
const isLoopback = (address: string) => address === "127.0.0.1" || address === "::1";
const json = (status: number, body: unknown) => (_req: unknown, res: ServerResponse) =>
  void res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

const open = (url: string, ca: string, deps: WebhookDeps = {}, secret = SECRET) =>
  webhookGateway.open(webhookGateway.schema.parse({ url, secret, calls: "yes" }), {
    ca,
    allows: isLoopback,
    ...deps,
  });

smsGatewayContract("webhook", async (): Promise<GatewayUnderTest> => {
  const receiver = await startWebhookReceiver(SECRET);
  const { url, ca } = receiver;
  const free = createServer();
  await new Promise<void>((resolve) => void free.listen(0, "127.0.0.1", resolve));
  const { port } = free.address() as { port: number };
  await new Promise((resolve) => free.close(resolve));
  const failing = (
    name: string,
    reason: ProviderFailure["reason"],
    next: (req: never, res: ServerResponse) => void,
    providerCode?: number,
  ): ProviderFailure => ({
    name,
    reason,
    ...(providerCode === undefined ? {} : { providerCode }),
    arrange: async () => {
      receiver.next = next as typeof receiver.next;
    },
  });
  return {
    open: (timeoutMs) => open(url, ca, timeoutMs === undefined ? {} : { timeoutMs }),
    openNowhere: () => open(`https://localhost:${port}/`, ca),
    openStranger: () => open(url, ca, {}, "another secret that the receiver does not know"),
    taken: async () =>
      receiver.received.filter(({ type }) => type === "sms").map(({ to, text = "" }) => ({ to, body: text })),
    called: async () =>
      receiver.received
        .filter(({ type }) => type === "call")
        .map(({ to, intro = "", code = "" }) => ({ to, said: `${intro} ${[...code].join(" ")}` })),
    async clear() {
      receiver.received.length = 0;
      receiver.next = undefined;
      receiver.delayMs = 0;
    },
    async hang(ms) {
      receiver.delayMs = ms;
    },
    tellsPrices: false,
    failures: [
      failing("busy by word", "busy", json(200, { error: "busy" })),
      failing("busy by status", "busy", json(429, {})),
      failing("a landline, with its code", "landline", json(200, { error: "landline", code: 7 }), 7),
      failing("500", "provider-down", json(500, {})),
      failing("401", "credentials", json(401, {})),
      failing("403", "credentials", json(403, {})),
      failing("a number it cannot use", "number-unusable", json(422, { error: "number-unusable" })),
      failing("STOP", "number-blocked", json(400, { error: "number-blocked" })),
      failing("a word nobody knows", "other", json(200, { error: "constructor" })),
      failing("no id", "other", json(200, {})),
      failing("an id with spaces", "other", json(200, { id: "a b" })),
      failing("no JSON", "other", (_req, res) => void res.end("<html>")),
      failing(
        "a redirect",
        "other",
        (_req, res) => void res.writeHead(307, { location: "https://localhost:9/" }).end(),
      ),
      failing("a reset", "provider-down", (_req, res) => void res.destroy()),
      failing("an endless answer", "provider-down", (_req, res) => void res.end("x".repeat(200_000))),
      {
        name: "accepted, then dropped",
        reason: "provider-down",
        taken: true,
        arrange: async () => {
          receiver.takeAndDrop = true;
        },
      },
    ],
    secrets: [SECRET],
    close: () => receiver.close(),
  };
});

const message = { to: new PhoneNumber("+12025550143"), text: new Secret("048151"), key: "k", validFor: 60 };

test("M28: an address inside the network is not connected to, as a name or as itself, whatever a name resolves to", async () => {
  const receiver = await startWebhookReceiver(SECRET);
  after(() => receiver.close());
  for (const url of [
    receiver.url,
    receiver.url.replace("localhost", "127.0.0.1"),
    receiver.url.replace("localhost", "[::1]"),
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/",
    "https://0x7f000001/",
  ]) {
    const gateway = await open(url, receiver.ca, { allows: undefined, timeoutMs: 1000 });
    const refused = { kind: "refused", reason: "provider-down", network: "EACCES" };
    assert.deepEqual(await gateway.send(message), refused, url);
    assert.match((await gateway.check())[0]?.message ?? "", /address inside the network/, url);
  }
  assert.deepEqual(receiver.received, []);
});

test("a certificate that nobody vouches for gets no message", async () => {
  const receiver = await startWebhookReceiver(SECRET);
  after(() => receiver.close());
  const { ca: other } = await startWebhookReceiver(SECRET).then(async (one) => {
    await one.close();
    return one;
  });
  assert.equal((await (await open(receiver.url, other)).send(message)).kind, "refused");
  assert.deepEqual(receiver.received, []);
});

test("properties: https alone, no credentials in the URL, a long secret; no message repeats a value", () => {
  const faults = (properties: Record<string, string>) => {
    const parsed = webhookGateway.schema.safeParse(properties);
    return parsed.success
      ? []
      : parsed.error.issues.map(({ path, message: text }) => `${path.join(".")} ${text}`);
  };
  assert.deepEqual(faults({ url: "https://sms.example.org/send", secret: SECRET }), []);
  for (const [properties, expected] of [
    [{}, /^url is missing/],
    [{ url: "http://sms.example.org/", secret: SECRET }, /^url must begin with https/],
    [{ url: "https://me:pass@sms.example.org/", secret: SECRET }, /^url must not contain a user/],
    [{ url: "nonsense", secret: SECRET }, /^url must be a URL/],
    [{ url: "https://sms.example.org/", secret: "short" }, /^secret must have at least 32/],
    [{ url: "https://sms.example.org/", secret: SECRET, calls: "maybe" }, /^calls must be yes or no/],
  ] as const) {
    const [first = ""] = faults(properties);
    assert.match(first, expected);
    assert.doesNotMatch(first, /pass@|short|maybe|nonsense/);
  }
});
