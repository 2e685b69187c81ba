import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { inspect, promisify } from "node:util";
import fc from "fast-check";
import { type AllowedCountries, createPhones } from "../../src/kits/phone/phones.ts";

const phones = createPhones();

function parse(input: string, country?: string, allowedCountries: AllowedCountries = "all") {
  return phones.parse(input, { country, allowedCountries });
}

function read(input: string, country?: string, allowed: AllowedCountries = "all"): string {
  const parsed = parse(input, country, allowed);
  return parsed.kind === "number" ? parsed.number.reveal() : parsed.reason;
}

describe("phone numbers", () => {
  it("§6: the demo's fictional numbers are taken", () => {
    for (const number of ["+12025550143", "+12025550199", "+12025550100"]) {
      const parsed = parse(number);
      assert.equal(parsed.kind, "number");
      assert.equal(parsed.kind === "number" && parsed.country, "US");
      assert.equal(read(number), number);
    }
  });

  const spellings: readonly (readonly [typed: string, country: string | undefined, e164: string])[] = [
    ["+1 (202) 555-0143", undefined, "+12025550143"],
    ["202.555.0143", "US", "+12025550143"],
    ["1 202 555 0143", "US", "+12025550143"],
    ["011 49 151 12345678", "US", "+4915112345678"],
    ["0011 49 151 12345678", "AU", "+4915112345678"],
    ["0049 151/123 456-78", undefined, "+4915112345678"],
    ["0049 151 12345678", "US", "+4915112345678"],
    ["0151 12345678", "DE", "+4915112345678"],
    ["+49 (0)151 12345678", undefined, "+4915112345678"],
    ["(+49) 151 12345678", undefined, "+4915112345678"],
    ["tel:+49-151-12345678", undefined, "+4915112345678"],
    ["\u202a+49 151\u00a012345678\u202c", undefined, "+4915112345678"],
    ["+49 151‑1234–5678", undefined, "+4915112345678"],
    ["８９１６１２３４５６７", "RU", "+79161234567"],
    ["＋１２０２５５５０１４３", undefined, "+12025550143"],
    ["٠١٠٠١٢٣٤٥٦٧", "EG", "+201001234567"],
    ["011 15-2345-6789", "AR", "+5491123456789"],
    ["07400 123456", "GB", "+447400123456"],
    ["0900-1234567", undefined, "invalid"],
  ];
  for (const [typed, country, e164] of spellings)
    it(`O14: reads ${JSON.stringify(typed)}${country === undefined ? "" : ` typed in ${country}`}`, () =>
      assert.equal(read(typed, country), e164));

  it("O14: anything but one number is refused as invalid", () => {
    const wrong = [
      "",
      " ",
      "+",
      "+1",
      "hello",
      "+1 800 FLOWERS",
      "+12025550143;ext=1",
      "+1 202 555 0143 x12",
      "+1 202 555 0143 ext. 1",
      "+1 202 555 0143#1",
      "+12025550143 +12025550199",
      "+12025550143, +12025550199",
      "+12025550143 / 0012025550199",
      "+1202555014",
      "+120255501430",
      "++12025550143",
      "12025550143+",
      "+999123456789",
      "tel:+12025550143;phone-context=+1",
      "+1202555\n0143\nTo: x",
      "+1202555014\u0000",
      "+1".padEnd(500, "2"),
    ];
    for (const typed of wrong) assert.equal(read(typed, "US"), "invalid", typed);
  });

  it("O14: only numbers that receive texts, of a country, pass", () => {
    const types = {
      premium: "+19002345678",
      "shared cost": "+448701234567",
      landline: "+493012345678",
      "landline of Iceland": "+3545111111",
      "toll-free": "+18002345678",
      personal: "+15005550006",
      "international network": "+882161234567",
      satellite: "+870773001234",
      "Iridium satellite": "+881612345678",
      "British pager": "+447640123456",
    };
    for (const [type, number] of Object.entries(types)) assert.equal(read(number), "not-mobile", type);
  });

  it("O14: a country that is not allowed is refused, whatever form the number is typed in", () => {
    assert.equal(read("+4915112345678", undefined, ["US", "CA"]), "country-not-allowed");
    assert.equal(read("0151 12345678", "DE", ["US"]), "country-not-allowed");
    assert.equal(read("+442079460000", undefined, ["US"]), "country-not-allowed");
    // Guernsey shares +44 with Britain and is a country of its own: a calling code is not a country.
    assert.equal(read("+447911123456", undefined, ["GB"]), "country-not-allowed");
    assert.equal(read("+12025550143", undefined, ["US"]), "+12025550143");
    assert.equal(read("+12025550143", undefined, []), "country-not-allowed");
  });

  it("a list of one allowed country is the one meant where none is chosen", () => {
    assert.equal(read("0151 12345678", undefined, ["DE"]), "+4915112345678");
    assert.equal(read("0151 12345678", undefined, ["DE", "AT"]), "invalid");
    assert.equal(read("0151 12345678", "ZZ"), "invalid");
  });

  it("O14: equal numbers are equal, however they are spaced, dashed, bracketed or prefixed", () => {
    const numbers = ["+12025550143", "+4915112345678", "+447400123456", "+393331234567", "+5511961234567"];
    const filler = fc.constantFrom("", "", " ", "-", ".", "\u00a0", "\u2011", "\u200e", "  ", "/");
    const wide = (digit: string) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0);
    fc.assert(
      fc.property(
        fc.constantFrom(...numbers),
        fc.array(filler, { minLength: 16, maxLength: 16 }),
        fc.constantFrom("+", "00", "tel:+", " +", "＋"),
        fc.boolean(),
        fc.constantFrom(undefined, "US", "DE", "JP"),
        (number, gaps, prefix, fullWidth, country) => {
          const digits = [...number.slice(1)].map((digit) => (fullWidth ? wide(digit) : digit));
          assert.equal(
            read(prefix + digits.map((digit, at) => digit + (gaps[at] ?? "")).join(""), country),
            number,
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it("never throws, and takes nothing that E.164 does not allow, whatever is typed", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary", maxLength: 40 }), fc.stringMatching(/^[+0-9 ()./-]{0,30}$/)),
        fc.option(fc.constantFrom("US", "DE", "EG", "", "__proto__"), { nil: undefined }),
        (typed, country) => {
          const parsed = parse(typed, country);
          if (parsed.kind === "number") assert.match(parsed.number.reveal(), /^\+[1-9]\d{6,14}$/);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("O13, M20: a parsed number prints its last two digits only", () => {
    const parsed = parse("+12025550143");
    assert.ok(parsed.kind === "number");
    assert.equal(phones.mask(parsed.number), "•••• 43");
    for (const printed of [
      inspect(parsed, { depth: 9, showHidden: true }),
      JSON.stringify(parsed),
      `${parsed.number}`,
    ])
      assert.doesNotMatch(printed, /0143|555/);
  });

  it("countries are named in the person's language and sorted by it", () => {
    const german = phones.countries(["US", "AT", "DE", "SE"], "de");
    assert.deepEqual(german, [
      { code: "DE", name: "Deutschland", calling: "+49" },
      { code: "AT", name: "Österreich", calling: "+43" },
      { code: "SE", name: "Schweden", calling: "+46" },
      { code: "US", name: "Vereinigte Staaten", calling: "+1" },
    ]);
    assert.ok(phones.countries("all", "en").length > 240);
    assert.equal(phones.countries(["DE"], "not a locale")[0]?.name, "Germany");
  });

  it("tells the country of any valid number, and of nothing else", () => {
    assert.equal(phones.countryOf("+12025550100"), "US");
    assert.equal(phones.countryOf("+493012345678"), "DE");
    for (const other of ["+882161234567", "Sallyport", "72975", ""])
      assert.equal(phones.countryOf(other), undefined);
  });

  it("loads its metadata at the first use, not at the start", async () => {
    const source = `
      import { createRequire } from "node:module";
      const { createPhones } = await import(${JSON.stringify(new URL("../../src/kits/phone/phones.ts", import.meta.url).href)});
      const { cache } = createRequire(import.meta.url);
      const loaded = () => Object.keys(cache).some((file) => file.includes("libphonenumber-js"));
      const phones = createPhones();
      const before = loaded();
      phones.warm();
      process.stdout.write(JSON.stringify([before, loaded()]));`;
    const run = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", source]);
    assert.equal(run.stdout, "[false,true]");
  });
});
