import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { twilioGateway } from "../../src/plugins/sms/twilio/gateway.ts";

const sid = `AC${"a1".repeat(16)}`;
const token = "0123456789abcdef0123456789abcdef";
const good = { twilio_sid: sid, twilio_token: token, from_number: "+12025550100" };
const key = { api_key_sid: `SK${"b2".repeat(16)}`, api_key_secret: "s3cr3t-0123456789" };
const service = `MG${"c3".repeat(16)}`;

/** Faults as `property: sentence`. */
function faults(properties: unknown): string[] {
  const checked = twilioGateway.schema.safeParse(properties);
  return checked.success
    ? []
    : checked.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("the properties of a Twilio gateway", () => {
  const { twilio_token: _token, ...withoutToken } = good;
  const { from_number: _from, ...withoutSender } = good;
  const accepted: Record<string, Record<string, string>> = {
    "SID, token and number": good,
    "an API key instead of the token": { ...withoutToken, ...key },
    "both: the key sends": { ...good, ...key },
    "a messaging service": { ...withoutSender, messaging_service_sid: service },
    "a short code": { ...good, from_number: "72975" },
    "a sender name": { ...good, from_number: "Sallyport" },
    "region with its edge": { ...good, region: "ie1", edge: "dublin" },
    "edge alone": { ...good, edge: "sydney" },
    "own base, https": { ...good, api_base: "https://sms.example.org/twilio/" },
    "own base, http on loopback": { ...good, api_base: "http://127.0.0.1:4010" },
    "empty texts are not set": {
      ...good,
      messaging_service_sid: "",
      api_key_sid: "",
      region: "",
      api_base: "",
    },
  };
  for (const [name, properties] of Object.entries(accepted))
    it(`accepts ${name}`, () => assert.deepEqual(faults(properties), []));

  const refused: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
    ["no SID", { ...good, twilio_sid: undefined }, /^twilio_sid: is missing/],
    ["a SID of another kind", { ...good, twilio_sid: service }, /^twilio_sid: must be an Account SID/],
    ["a short SID", { ...good, twilio_sid: "AC123" }, /^twilio_sid: must be/],
    ["no credentials", { ...good, twilio_token: "" }, /^twilio_token: is missing; give it, or api_key_sid/],
    ["a token with a line end", { ...good, twilio_token: `${token}\n` }, /^twilio_token: must not contain/],
    ["a key without secret", { ...good, api_key_sid: key.api_key_sid }, /^api_key_secret: is missing/],
    ["a secret without key", { ...good, api_key_secret: "x" }, /^api_key_sid: is missing/],
    ["a key of another kind", { ...good, ...key, api_key_sid: sid }, /^api_key_sid: must be/],
    [
      "no sender",
      { ...good, from_number: "" },
      /^from_number: is missing; give it, or messaging_service_sid/,
    ],
    ["two senders", { ...good, messaging_service_sid: service }, /^messaging_service_sid: is given beside/],
    ["a number in national form", { ...good, from_number: "(202) 555-0100" }, /^from_number: must be/],
    [
      "a service of another kind",
      { ...withoutSender, messaging_service_sid: sid },
      /^messaging_service_sid: must/,
    ],
    ["region without edge", { ...good, region: "ie1" }, /^region: is given without edge/],
    ["a region that is no word", { ...good, region: "ie1.evil.org", edge: "dublin" }, /^region: must be/],
    ["an edge that is no word", { ...good, edge: "evil.org/" }, /^edge: must be/],
    [
      "a base in the clear",
      { ...good, api_base: "http://sms.example.org" },
      /^api_base: must begin with https/,
    ],
    [
      "a base that only looks like loopback",
      { ...good, api_base: "http://127.0.0.1.example.org" },
      /^api_base: must begin/,
    ],
    ["a base of another kind", { ...good, api_base: "file:///etc/passwd" }, /^api_base: must begin/],
    ["a base that is no URL", { ...good, api_base: "sms.example.org" }, /^api_base: must be a URL/],
    [
      "a base with credentials",
      { ...good, api_base: "https://a:b@sms.example.org" },
      /^api_base: must not contain/,
    ],
    [
      "a base with a query",
      { ...good, api_base: "https://sms.example.org/?x=1" },
      /^api_base: must not have/,
    ],
    [
      "a base beside an edge",
      { ...good, edge: "dublin", api_base: "https://x.org" },
      /^api_base: is given beside/,
    ],
    ["a number that is no text", { ...good, from_number: 12025550100 }, /^from_number: must be a text/],
  ];
  for (const [name, properties, fault] of refused)
    it(`refuses ${name}, naming the property`, () => {
      const found = faults(properties);
      assert.ok(
        found.some((one) => fault.test(one)),
        found.join("\n"),
      );
    });

  it("refuses a property it does not know", () => {
    const checked = twilioGateway.schema.safeParse({ ...good, twilio_sdi: "x" });
    assert.deepEqual(checked.error?.issues[0], {
      code: "unrecognized_keys",
      keys: ["twilio_sdi"],
      path: [],
      message: 'Unrecognized key: "twilio_sdi"',
    });
  });

  it("names every fault at once", () => {
    const found = faults({
      twilio_sid: "x",
      from_number: "no number at all",
      region: "ie1",
      api_base: "ftp://x",
      colour: "red",
    });
    assert.deepEqual(found.map((one) => one.split(":")[0]).sort(), [
      "",
      "api_base",
      "api_base",
      "from_number",
      "region",
      "twilio_sid",
      "twilio_token",
    ]);
    assert.ok(faults({}).length === 3);
    assert.ok(faults(null).length === 1);
  });

  it("M20: no fault and no configuration shows a value", () => {
    const secret = "tr0ub4dor value";
    const names = [
      "twilio_sid",
      "twilio_token",
      "from_number",
      "messaging_service_sid",
      "api_key_sid",
      "api_key_secret",
      "region",
      "edge",
      "api_base",
    ];
    const checked = twilioGateway.schema.safeParse(Object.fromEntries(names.map((name) => [name, secret])));
    assert.ok(!inspect(checked, { depth: 9 }).includes("tr0ub4dor"));
    const config = twilioGateway.schema.parse({ ...good, ...key });
    for (const shown of [inspect(config, { depth: 9, showHidden: true }), JSON.stringify(config)])
      for (const value of [token, key.api_key_secret]) assert.ok(!shown.includes(value));
  });
});
