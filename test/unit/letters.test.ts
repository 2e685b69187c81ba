/** M18: letters carry what the templates and names say, and nothing of either becomes a header, a recipient or a line. */
import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import { after, test } from "node:test";
import fc from "fast-check";
import { composeLetter } from "../../src/core/message.ts";
import { NOTICE_KINDS, noticePurpose, subjectPurpose } from "../../src/core/message-texts.ts";
import { createSmtp } from "../../src/kits/mail/smtp.ts";
import { faultOfText } from "../../src/kits/web/messages-check.ts";
import { messageTexts, ourFolder } from "../kit/messages.ts";

const facts = { brand: "Example", host: "login.example.org" };
const LOCALES = [...ourFolder.messages.keys()];
const texts = messageTexts();
const letter = (kind: (typeof NOTICE_KINDS)[number], locale: string, over: object = {}) =>
  composeLetter(
    { ...facts, ...over },
    {
      subject: texts(subjectPurpose(kind), locale, undefined),
      text: texts(noticePurpose(kind), locale, undefined),
    },
  );

/** A mail server that answers yes to everything and keeps what it was sent, byte by byte. */
const raw: string[] = [];
const server = createServer((socket) => {
  let inData = false;
  socket.write("220 here\r\n");
  socket.on("data", (bytes) => {
    const text = bytes.toString("utf8");
    raw.push(text);
    if (inData) {
      if (!/\r\n\.\r\n$/.test(text)) return;
      inData = false;
      socket.write("250 taken\r\n");
    } else if (/^DATA/i.test(text)) {
      inData = true;
      socket.write("354 go on\r\n");
    } else if (/^QUIT/i.test(text)) socket.end("221 bye\r\n");
    else socket.write("250 yes\r\n");
  });
  socket.on("error", () => {});
});
await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
after(() => server.close());
const smtp = createSmtp({
  host: "127.0.0.1",
  port: (server.address() as AddressInfo).port,
  security: "none",
  username: undefined,
  password: undefined,
  from: "Sign-in <login@example.test>",
});

test("every notice has a subject of its own in every language, and says whose site it is", () => {
  for (const locale of LOCALES) {
    const letters = NOTICE_KINDS.map((kind) => letter(kind, locale, { person: "eve" }));
    assert.equal(new Set(letters.map(({ subject }) => subject)).size, NOTICE_KINDS.length, locale);
    for (const { subject, text } of letters) {
      assert.match(subject, /\(Example\)$/, locale);
      assert.ok(subject.length <= 69, subject);
      assert.match(text, /^Example ?: .*\n\nlogin\.example\.org$/);
    }
  }
});

test("a subject is one line whatever brand, name and template say", () => {
  const nasty = fc.string({
    unit: fc.constantFrom("a", "\r", "\n", "\u2028", "\u0085", "\0", ":", "@", " ", "é", "\u202e"),
    maxLength: 60,
  });
  fc.assert(
    fc.property(nasty, nasty, nasty, (brand, person, own) => {
      const { subject, text } = composeLetter(
        { ...facts, brand, person },
        { subject: ({ brand: b, person: p }) => `${own} ${b} ${p}`, text: ({ person: p }) => `${p} ${own}` },
      );
      assert.doesNotMatch(subject, /[\r\n\u2028\u2029\u0085\0]/);
      assert.equal(text.split(/[\r\n\u2028\u2029\u0085]/).length, 3);
    }),
    { numRuns: 1000 },
  );
});

test("a subject that could not be sent is refused, and one with values nobody gives", () => {
  assert.match(faultOfText("subject-phone-added", "A phone\r\nBcc: all@example.org", "en") ?? "", /line end/);
  assert.match(faultOfText("subject-phone-added", "{person}", "en") ?? "", /wants \{person\}/);
  assert.equal(faultOfText("subject-became-admin", "{person} at {brand}", "en"), undefined);
});

test("no From, no recipient and no header comes of an address, a subject or a text", async () => {
  for (const [to, subject, text] of [
    ["ada@example.org, eve@example.net", "hello", "x"],
    ["ada@example.org>\r\nRCPT TO:<eve@example.net", "hello", "x"],
    ["ada@example.org", "hello\r\nBcc: eve@example.net", "x"],
    ["ada@example.org", "hello\nFrom: eve@example.net\n\nbody", "x"],
    ["ada@example.org", "hello", "x\r\n.\r\nMAIL FROM:<eve@example.net>\r\nRCPT TO:<eve@example.net>"],
  ] as const) {
    raw.length = 0;
    await smtp.send({ to, subject, text });
    const all = raw.join("");
    const commands = all.split("\r\n");
    const head = all.split("\r\n\r\n")[0] ?? "";
    assert.doesNotMatch(head, /^(Bcc|Cc):/im, all);
    assert.equal(head.match(/^From:.*$/gim)?.length ?? 0, all.includes("From:") ? 1 : 0, all);
    assert.doesNotMatch(head, /^From:.*eve/im);
    assert.ok(
      commands.filter((line) => /^RCPT TO:/.test(line)).length <= 1 + (text.includes("RCPT") ? 1 : 0),
      all,
    );
    if (text.includes("RCPT"))
      assert.match(all, /\r\n\.\.\r\n/, "a dot at the start of a line is doubled (RFC 5321 §4.5.2)");
  }
});
