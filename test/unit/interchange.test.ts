/** Files of other servers, read as streams: however the bytes come in, the same is read, and nothing hostile gets far. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cutObjects } from "../../src/kits/interchange/json-cut.ts";
import { readLdif } from "../../src/kits/interchange/ldif.ts";
import { linesOf } from "../../src/kits/interchange/lines.ts";

async function all<T>(from: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const one of from) list.push(one);
  return list;
}
/** The bytes in pieces of these sizes, over and over. */
function pieces(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const list: Buffer[] = [];
  for (let at = 0, n = 0; at < bytes.length; n += 1) {
    const size = sizes[n % sizes.length] ?? 1;
    list.push(bytes.subarray(at, at + size));
    at += size;
  }
  return list;
}
const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });
const WANTED = new Set(["uid", "cn"]);
const ldif = (text: string) => all(readLdif([Buffer.from(text)], WANTED));

test("lines are the same however the bytes are cut, with numbers, without a mark in front", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: "grapheme" }), { maxLength: 8 }),
      sizes,
      async (given, cut) => {
        const lines = given.map((line) => line.replace(/[\r\n]/g, ""));
        const bytes = Buffer.from(`\ufeff${lines.map((line) => `${line}\r\n`).join("")}`);
        const read = await all(linesOf(pieces(bytes, cut)));
        const texts = read.map(({ text }) => text);
        assert.deepEqual(
          texts,
          lines.length === 0 ? [""] : lines.map((l, n) => (n === 0 ? l.replace(/^\ufeff/, "") : l)),
        );
        assert.deepEqual(
          read.map(({ number }) => number),
          texts.map((_, n) => n + 1),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test("a line without an end is counted and not kept", async () => {
  function* endless() {
    for (let n = 0; n < 200; n += 1) yield Buffer.alloc(1 << 16, 0x61);
    yield Buffer.from("\nnext");
  }
  const [long, next] = await all(linesOf(endless()));
  assert.deepEqual([long?.text, next?.text, next?.number], [undefined, "next", 2]);
});

test("RFC 2849: folded lines, folded comments, base64, options, entries one after another", async () => {
  const [first, second] = await ldif(
    "version: 1\n# a comment\n  that goes on\ndn: cn=a,\n dc=x\nuid: lo\n ng\ncn;lang-de:: w4Q=\ncn: B\njpegPhoto:: /9j/\n\n\ndn:: Y249Yg==\nuid:c\n",
  );
  assert.ok(first !== undefined && "dn" in first && second !== undefined && "dn" in second);
  assert.deepEqual(
    [first.line, first.dn, [...first.attributes]],
    [
      4,
      "cn=a,dc=x",
      [
        ["uid", ["long"]],
        ["cn", ["Ä", "B"]],
      ],
    ],
  );
  assert.deepEqual([second.line, second.dn, [...second.attributes]], [13, "cn=b", [["uid", ["c"]]]]);
});

test("change records, other files, bad base64 and entries without a dn are refused with their line, and the next is read", async () => {
  for (const [text, line, why] of [
    ["dn: x\nchangetype: delete\n", 2, /change record/],
    ["dn: x\ncontrol: 1.2.3 true\n", 2, /change record/],
    ["dn: x\nuid:< file:///etc/passwd\n", 2, /another file/],
    ["dn: x\nuid:: a=b\n", 2, /base64/],
    ["dn: x\nuid:: /w==\n", 2, /UTF-8/],
    ["uid: x\n", 1, /begins with dn/],
    [" folded\n", 1, /goes on/],
    ["dn: x\nno colon here\n", 2, /no line of LDIF/],
    ["dn: x\nuid: a\ndn: y\n", 3, /inside of an entry/],
    [`dn: x\n${"uid: a\n".repeat(600)}`, 502, /more than 500/],
    [`dn: x\nuid: a\n${` ${"b".repeat(70_000)}\n`.repeat(20)}`, 17, /larger than 1 MiB/],
  ] as const) {
    const [fault, next] = await ldif(`${text}\ndn: next\nuid: next\n`);
    assert.ok(fault !== undefined && "why" in fault, text.slice(0, 40));
    assert.match(fault.why, why);
    assert.equal(fault.line, line, text.slice(0, 40));
    assert.ok(next !== undefined && "dn" in next && next.dn === "next");
  }
});

test("any bytes at all are read as entries or faults, and never throw", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      await all(readLdif([Buffer.from(bytes)], WANTED));
      await all(cutObjects([Buffer.from(bytes)], "users")).catch((problem) =>
        assert.ok(problem instanceof SyntaxError),
      );
    }),
    { numRuns: 200 },
  );
});

test("the objects of the list are those that JSON.parse finds, wherever the bytes are cut and whatever the rest holds", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }))),
      fc.jsonValue({ maxDepth: 3 }),
      sizes,
      async (users, other, cut) => {
        const document = {
          first: other,
          groups: [{ users: [{ no: 1 }] }],
          users,
          'u"sers': [{ no: 2 }],
          last: other,
        };
        const bytes = Buffer.from(JSON.stringify(document, undefined, 1));
        const read = await all(cutObjects(pieces(bytes, cut), "users"));
        assert.deepEqual(
          read.map(({ value }) => value),
          JSON.parse(JSON.stringify(users)),
        );
        const list = await all(cutObjects(pieces(Buffer.from(JSON.stringify(users)), cut), undefined));
        assert.deepEqual(
          list.map(({ value }) => value),
          JSON.parse(JSON.stringify(users)),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test("an object too large is passed over by its line, and the next one is read", async () => {
  const large = `{"a":"${"x".repeat(1 << 20)}"}`;
  const read = await all(cutObjects([Buffer.from(`{"users":[\n${large},\n{"b":1}]}`)], "users"));
  assert.deepEqual(read, [
    { line: 2, value: undefined },
    { line: 3, value: { b: 1 } },
  ]);
});
