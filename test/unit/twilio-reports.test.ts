/** L09, M25: whose word it is. Vectors of our own, computed as Twilio's documentation says, not by the code under test. */
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";
import type { SmsGateway } from "../../src/core/sms.ts";
import { twilioGateway } from "../../src/plugins/sms/twilio/gateway.ts";

const SID = `AC${"a1".repeat(16)}`;
const MESSAGE = `SM${"d4".repeat(16)}`;
const TOKEN = "0123456789abcdef0123456789abcdef";
const SECOND = "fedcba9876543210fedcba9876543210";
const URL_ = "https://login.example.org/twilio/status/abc.1.1?via=twilio_sms&until=1795517207&sig=x-y_z";
const FIELDS: Readonly<Record<string, string | readonly string[]>> = {
  AccountSid: SID,
  ApiVersion: "2010-04-01",
  From: "+12025550100",
  MessageSid: MESSAGE,
  MessageStatus: "delivered",
  To: "+12025550143",
};
type Fields = typeof FIELDS;

/** HMAC-SHA-1 over the URL, then name and value of each field in the order of the names. */
function sign(token: string, url: string, fields: Fields): string {
  const pairs = Object.keys(fields)
    .sort()
    .flatMap((name) => [...new Set([fields[name] ?? ""].flat())].sort().map((value) => name + value));
  return createHmac("sha1", token)
    .update(url + pairs.join(""))
    .digest("base64");
}

const encode = (fields: Fields): string => {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields))
    for (const one of [value].flat()) form.append(name, one);
  return form.toString();
};

const open = (properties: Record<string, string> = { twilio_token: TOKEN }) =>
  twilioGateway.open(
    twilioGateway.schema.parse({ twilio_sid: SID, from_number: "+12025550100", ...properties }),
    {},
  );
const gateway = await open();

interface Sent {
  readonly url?: string;
  readonly fields?: Fields;
  readonly signature?: string | undefined;
  readonly body?: string;
  readonly type?: string;
}

function report(
  sent: Sent = {},
  to: SmsGateway = gateway,
): ReturnType<NonNullable<SmsGateway["readReport"]>> {
  const {
    url = URL_,
    fields = FIELDS,
    body = encode(fields),
    type = "application/x-www-form-urlencoded",
  } = sent;
  const signature = "signature" in sent ? sent.signature : sign(TOKEN, URL_, FIELDS);
  const headers = {
    "content-type": type,
    ...(signature === undefined ? {} : { "x-twilio-signature": signature }),
  };
  assert.ok(to.readReport);
  return to.readReport({ url, headers, body: Buffer.from(body) });
}

test("Twilio's published example has the signature that it says", () => {
  // https://www.twilio.com/docs/usage/security#validating-requests, so that `sign` above is right.
  const fields = {
    CallSid: "CA1234567890ABCDE",
    Caller: "+12349013030",
    Digits: "1234",
    From: "+12349013030",
    To: "+18005551212",
  };
  const url = "https://mycompany.com/myapp.php?foo=1&bar=2";
  assert.equal(sign("12345", url, fields), "0/KCTR6DLpKmkAf8muzZqo1nDgQ=");
});

test("L09: a genuine word is taken, in any order of its fields and with fields nobody knows", async () => {
  assert.deepEqual(await report(), { id: MESSAGE, state: "delivered" });
  const shuffled = Object.fromEntries(Object.entries(FIELDS).reverse());
  assert.deepEqual(await report({ fields: shuffled }), { id: MESSAGE, state: "delivered" });
  const more = { ...FIELDS, RawDlrDoneDate: "2611261402", "Ünknown é": "a&b=c +%", ChannelPrefix: "" };
  assert.deepEqual(await report({ fields: more, signature: sign(TOKEN, URL_, more) }), {
    id: MESSAGE,
    state: "delivered",
  });
});

test("L09: the four ways a URL is signed: with and without port, each as it came and encoded as of old", async () => {
  const odd = `${URL_}&name=it's (a) t*est`;
  const old = `${URL_}&name=it's%20(a)%20t*est`;
  for (const [signed, sent] of [
    [URL_, URL_],
    [URL_.replace(".org/", ".org:443/"), URL_],
    [URL_, URL_.replace(".org/", ".org:443/")],
    [odd, odd],
    [odd.replace(".org/", ".org:443/"), odd],
    [old, old],
    [`${URL_}&name=it%27s%20(a)%20t*est`, `${URL_}&name=it%27s%20(a)%20t*est`],
  ] as const)
    assert.notEqual(await report({ url: sent, signature: sign(TOKEN, signed, FIELDS) }), "forged", signed);
});

test("L09: fields that came several times count each value once, sorted", async () => {
  const fields = { ...FIELDS, MediaUrl: ["b", "a", "b"] };
  assert.deepEqual(await report({ fields, signature: sign(TOKEN, URL_, fields) }), {
    id: MESSAGE,
    state: "delivered",
  });
});

test("L09: JSON is signed by the URL alone, which holds the digest of the body", async () => {
  const body = JSON.stringify({
    AccountSid: SID,
    MessageSid: MESSAGE,
    MessageStatus: "undelivered",
    ErrorCode: 30003,
  });
  const url = `${URL_}&bodySHA256=${createHash("sha256").update(body).digest("hex")}`;
  const json = { url, body, type: "application/json", signature: sign(TOKEN, url, {}) };
  assert.deepEqual(await report(json), {
    id: MESSAGE,
    state: "undelivered",
    reason: "unreachable",
    providerCode: 30003,
  });
  assert.equal(await report({ ...json, body: body.replace("undelivered", "delivered") }), "forged");
  assert.equal(await report({ ...json, url: URL_, signature: sign(TOKEN, URL_, {}) }), "forged", "no digest");
  assert.equal(await report({ ...json, body: "[]" }), "forged");
  assert.equal(await report({ ...json, body: "{" }), "forged");
});

test("L09, M25: unsigned, forged, another URL, scheme or host, a field more or less, another account: forged", async () => {
  const without = Object.fromEntries(Object.entries(FIELDS).slice(1));
  const others: readonly (readonly [string, Sent])[] = [
    ["unsigned", { signature: undefined }],
    ["empty", { signature: "" }],
    ["signed with another token", { signature: sign("f".repeat(32), URL_, FIELDS) }],
    ["signed with the account's name", { signature: sign(SID, URL_, FIELDS) }],
    ["cut short", { signature: sign(TOKEN, URL_, FIELDS).slice(0, -1) }],
    ["in another case", { signature: sign(TOKEN, URL_, FIELDS).toLowerCase() }],
    ["another path", { url: URL_.replace("abc.1.1", "abc.1.2") }],
    ["another scheme", { url: URL_.replace("https:", "http:") }],
    ["another host", { url: URL_.replace("login.", "evil.") }],
    [
      "another port",
      {
        url: URL_.replace(".org/", ".org:8443/"),
        signature: sign(TOKEN, URL_.replace(".org/", ".org:8444/"), FIELDS),
      },
    ],
    ["another query", { url: `${URL_}&more=1` }],
    ["an extra field", { fields: { ...FIELDS, Extra: "1" } }],
    ["an extra field without value", { fields: { ...FIELDS, Extra: "" } }],
    ["a field less", { fields: without }],
    ["a changed field", { fields: { ...FIELDS, MessageStatus: "failed" } }],
    ["no body", { body: "" }],
    ["another type", { type: "text/plain" }],
    ["no type", { type: "" }],
  ];
  for (const [name, sent] of others) assert.equal(await report(sent), "forged", name);
  const foreign = { ...FIELDS, AccountSid: `AC${"b2".repeat(16)}` };
  assert.equal(await report({ fields: foreign, signature: sign(TOKEN, URL_, foreign) }), "forged");
});

test("L09: while tokens are rotated, both sign", async () => {
  const both = await open({ twilio_token: TOKEN, twilio_token_secondary: SECOND });
  for (const token of [TOKEN, SECOND])
    assert.notEqual(await report({ signature: sign(token, URL_, FIELDS) }, both), "forged");
  assert.equal(await report({ signature: sign(SECOND, URL_, FIELDS) }), "forged");
});

test("L09: with an API key the auth token goes on verifying where it is given; without one our own URL has to do", async () => {
  const key = { api_key_sid: `SK${"c3".repeat(16)}`, api_key_secret: "s3cr3t" };
  const withToken = await open({ ...key, twilio_token: TOKEN });
  assert.notEqual(await report({}, withToken), "forged");
  assert.equal(await report({ signature: undefined }, withToken), "forged");
  assert.equal(await report({ signature: sign("s3cr3t", URL_, FIELDS) }, withToken), "forged");
  assert.notEqual(await report({ signature: undefined }, await open(key)), "forged");
});

test("what it says: messages and calls, and what is nothing", async () => {
  const said = async (changes: Fields, drop: readonly string[] = []) => {
    const fields = Object.fromEntries(
      Object.entries({ ...FIELDS, ...changes }).filter(([name]) => !drop.includes(name)),
    );
    return report({ fields, signature: sign(TOKEN, URL_, fields) });
  };
  for (const state of ["accepted", "queued", "sending", "sent", "delivered"])
    assert.deepEqual(await said({ MessageStatus: state }), { id: MESSAGE, state });
  assert.deepEqual(await said({ MessageStatus: "read" }), { id: MESSAGE, state: "delivered" });
  const reasons: readonly (readonly [string, string])[] = [
    ["30003", "unreachable"],
    ["30004", "carrier-blocked"],
    ["30005", "number-unknown"],
    ["30006", "landline"],
    ["30007", "filtered"],
    ["30008", "not-delivered"],
    ["30034", "sender"],
    ["30450", "risk-blocked"],
    ["21610", "number-blocked"],
    ["39999", "other"],
  ];
  for (const [ErrorCode, reason] of reasons)
    assert.deepEqual(await said({ MessageStatus: "undelivered", ErrorCode }), {
      id: MESSAGE,
      state: "undelivered",
      reason,
      providerCode: Number(ErrorCode),
    });
  const call = `CA${"e5".repeat(16)}`;
  const gone = ["MessageSid", "MessageStatus"];
  for (const [CallStatus, state] of [
    ["ringing", "sending"],
    ["in-progress", "sent"],
    ["completed", "delivered"],
  ] as const)
    assert.deepEqual(await said({ CallSid: call, CallStatus }, gone), { id: call, state });
  for (const CallStatus of ["busy", "no-answer"])
    assert.deepEqual(await said({ CallSid: call, CallStatus }, gone), {
      id: call,
      state: "undelivered",
      reason: "not-answered",
    });
  for (const nothing of [
    { MessageStatus: "constructor" },
    { MessageStatus: "receiving" },
    { MessageSid: "x" },
  ])
    assert.equal(await said(nothing), "nothing");
});
