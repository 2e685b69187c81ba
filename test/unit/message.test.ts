import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { composeMessage, countSegments, gsm7Septets, type MessageFacts } from "../../src/core/message.ts";
import type { CodePurpose, MessageValues } from "../../src/core/message-texts.ts";
import { messageTexts } from "../kit/messages.ts";

const texts = messageTexts();
type Facts = MessageFacts & { readonly purpose: CodePurpose };
const facts: Facts = {
  appName: "Example Bank",
  brand: "Example",
  code: "012345",
  minutes: 5,
  host: "login.example.org",
  purpose: "sign-in",
};
const compose = (over: Partial<Facts> = {}) => {
  const all = { ...facts, ...over };
  return composeMessage(all, texts(all.purpose, "en", undefined));
};
const lastLine = (text: string) => text.split("\n").at(-1);
/** The name as it stands in the first line. */
const nameIn = (text: string) => / (?:sign in to|this phone to|phones at) (.*?)\.? Valid /.exec(text)?.[1];

const code = fc.stringMatching(/^\d{6,10}$/);
const host = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,38}[a-z0-9]$/);
const purpose = fc.constantFrom<CodePurpose>("sign-in", "enrol", "change-number");
const minutes = fc.integer({ min: 1, max: 10 });
const GSM_LETTERS = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ!\"#¤%&'()*+,-/09:;<=>?¡AZÄÖÑÜ§¿azäöñüà";

describe("the text of a code", () => {
  it("O18: names brand, purpose, life and warning, and ends with the line that binds the code to the site", () => {
    assert.equal(
      compose().text,
      "012345 is your code to sign in to Example Bank. Valid 5 minutes. Never share it.\n\n@login.example.org #012345",
    );
    assert.equal(
      compose({ purpose: "enrol", minutes: 1 }).text,
      "012345 is your code to add this phone to Example Bank. Valid 1 minute. Never share it.\n\n@login.example.org #012345",
    );
    assert.deepEqual(
      { ...compose(), text: "" },
      { text: "", name: "Example Bank", segments: 1, encoding: "gsm7" },
    );
  });

  it("the same text again brings the code of each message, whatever else has its digits", () => {
    const codes = ["012345", "918273", "273645", "918273", "000000"];
    const names = ["Example Bank", "Bank 918273", "273645", "018273 918273"];
    for (const appName of names)
      for (const code of codes)
        assert.equal(
          compose({ appName, code }).text,
          `${code} is your code to sign in to ${appName}. Valid 5 minutes. Never share it.\n\n@login.example.org #${code}`,
        );
    const counting = (values: MessageValues) =>
      `${Number(values.code).toLocaleString("en")} for ${values.app}`;
    const said = codes.map((code) => composeMessage({ ...facts, code }, counting).text.split("\n")[0]);
    assert.deepEqual(
      said,
      codes.map((code) => `${Number(code).toLocaleString("en")} for Example Bank`),
    );
  });

  it("O18: names of up to 24 and hosts of up to 40 characters fit one GSM-7 segment whole", () => {
    const name = fc.string({ unit: fc.constantFrom(...GSM_LETTERS), minLength: 1, maxLength: 24 });
    fc.assert(
      fc.property(name, code, host, purpose, minutes, (appName, code, host, purpose, minutes) => {
        const { text, segments, encoding } = compose({ appName, code, host, purpose, minutes });
        assert.deepEqual({ segments, encoding }, { segments: 1, encoding: "gsm7" });
        assert.ok((gsm7Septets(text) ?? 999) <= 160);
        assert.equal(nameIn(text), appName);
        assert.equal(lastLine(text), `@${host} #${code}`);
      }),
      { numRuns: 1000 },
    );
  });

  it("O18: any name whatever gives one segment, three lines and a last line of its own", () => {
    const name = fc.oneof(
      fc.string({ unit: "binary", maxLength: 80 }),
      fc.string({ unit: "grapheme", maxLength: 80 }),
      fc.string({
        unit: fc.constantFrom("€", "[", "^", "ő", "\n", "\r", "\u2028", "\u001b", "а", "👩‍👩‍👧", "@", "#"),
      }),
    );
    fc.assert(
      fc.property(name, code, host, purpose, minutes, (appName, code, host, purpose, minutes) => {
        const { text, segments, encoding } = compose({ appName, code, host, purpose, minutes });
        assert.deepEqual({ segments, encoding }, { segments: 1, encoding: "gsm7" });
        assert.equal(text.split(/[\n\r\f]/).length, 3);
        assert.equal(lastLine(text), `@${host} #${code}`);
        assert.ok(text.startsWith(`${code} is your code to `));
      }),
      { numRuns: 2000 },
    );
  });

  it("O18: a name cannot forge the last line", () => {
    for (const end of ["\n", "\r\n", "\r", "\u2028", "\u2029", "\u0085", "\v", "\f", "\n\n"]) {
      const { text } = compose({ appName: `Bank${end}@evil.example #000000` });
      assert.equal(nameIn(text), "Bank @evil.example #000000");
      assert.equal(lastLine(text), "@login.example.org #012345");
    }
  });

  it("look-alikes are replaced, accents kept or taken off, the rest is dropped", () => {
    const names = {
      "“Ada’s” Bank… Köln —": '"Ada\'s" Bank... Köln -',
      "Ваnk Оne": "Bank One",
      Αlpha: "Alpha",
      "Győr Şişli Łódź": "Gyor Sisli Lódz".replace("ó", "o"),
      "Cœur & Façade": "Coeur & Facade",
      "Ａcme™\u00a0® ½": "AcmeTM (R) 1/2",
      "\u202eknaB\u202c so\u00adft": "knaB soft",
      "🚀 Rocket  🚀  Bank 🚀": "Rocket Bank",
      "微信 WeChat": "WeChat",
      "Example Inc.": "Example Inc",
      "C. & A. ": "C. & A",
      "e\u0301cole cafe\u0301": "école café",
    };
    for (const [appName, plain] of Object.entries(names))
      assert.equal(nameIn(compose({ appName }).text), plain);
  });

  it("a name of another script gives way to the host", () => {
    for (const appName of ["微信", "Банк", "", " ", "🚀", "\n"])
      assert.equal(nameIn(compose({ appName }).text), "login.example.org");
    const long = compose({
      appName: "微信",
      host: `${"a".repeat(36)}.org`,
      code: "0123456789",
      purpose: "enrol",
    });
    assert.equal(nameIn(long.text), undefined);
    assert.match(long.text, /add this phone\. Valid/);
    assert.equal(long.segments, 1);
  });

  it("longer names are cut on a grapheme, to what fits", () => {
    const { text, segments } = compose({ appName: "Ö".repeat(200) });
    assert.equal(segments, 1);
    assert.equal(gsm7Septets(text), 160);
    const dots = compose({ appName: `${"x".repeat((nameIn(text) ?? "").length - 1)}œ!` });
    assert.match(nameIn(dots.text) ?? "", /^x+$/, "oe is not cut into o");
  });

  it("a host longer than 40 stays whole and takes its room from the name", () => {
    const whole = `${"long.".repeat(14)}example.org`;
    const { text, segments } = compose({ host: whole });
    assert.equal(lastLine(text), `@${whole} #012345`);
    assert.equal(segments, 1);
    assert.equal(nameIn(text), undefined);
    const huge = compose({ host: `${"long.".repeat(40)}example.org` });
    assert.equal(huge.segments, 2);
  });

  it("counts septets and segments as networks bill them", () => {
    assert.equal(gsm7Septets("a€b"), 4);
    assert.equal(gsm7Septets("ő"), undefined);
    assert.deepEqual(countSegments("a".repeat(160)), { encoding: "gsm7", segments: 1 });
    assert.deepEqual(countSegments("a".repeat(161)), { encoding: "gsm7", segments: 2 });
    assert.deepEqual(countSegments("a".repeat(307)), { encoding: "gsm7", segments: 3 });
    assert.deepEqual(countSegments("€".repeat(80)), { encoding: "gsm7", segments: 1 });
    assert.deepEqual(countSegments("€".repeat(153)), { encoding: "gsm7", segments: 3 });
    assert.deepEqual(countSegments("я".repeat(70)), { encoding: "ucs2", segments: 1 });
    assert.deepEqual(countSegments("я".repeat(71)), { encoding: "ucs2", segments: 2 });
  });
});
