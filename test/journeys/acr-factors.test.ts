/**
 * T13, T14: the acrs of apps, passkeys and recovery codes, cell by cell of docs/reference/acr-choice.md, for a person who
 * holds one of each: which pages come by themselves, and what the ID token says at the end.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { TOTP } from "otpauth";
import { ACRS, type Cell, MANNERS, PROMPTS, readFactorTables, SHOWN, type Shown } from "../kit/acr-table.ts";
import { claimsOf, createRelyingParty, refusalOf } from "../kit/relying-party.ts";
import { CALLBACK, GRACE, PASSWORD, startServer } from "../kit/server.ts";
import { softPasskey } from "../kit/soft-passkey.ts";
import { type Seen, type TestVisitor, textOf } from "../kit/visitor.ts";

const MINUTE = 60_000;
const SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
const server = await startServer({
  hashCost: { memory: 64, passes: 1, lanes: 1 },
  settings: {
    acrs: { enabled: ["simple_password_auth", ...ACRS], default: "twilio_sms" },
    limits: { passkeyOfferDays: 0 },
  },
});
let skew = 0;
const advance = (ms: number) => {
  skew += ms;
  server.advance(ms);
};
const grace = (await server.parts.directory.find("grace"))?.id ?? assert.fail("no grace");
const answerOf = await softPasskey(server, grace);
const bind = (kind: string, data: object) =>
  server.parts.authenticators.bind({ subject: grace, kind, key: kind, data: data as never, boundBy: "demo" });
await bind("totp", { secret: SECRET, label: "", lastStep: 0 });
const codes = Array.from({ length: 200 }, (_, n) => {
  const letters = createHash("sha256").update(String(n)).digest();
  return [...letters.subarray(0, 16)].map((byte) => "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"[byte & 31]).join("");
});
await bind("recovery-code", {
  hashes: codes.map((code) => server.parts.sealer.lookup("recovery-code", `${grace}\0${code}`)),
});
const rp = await createRelyingParty(server);

/** A page by what it asks for. */
function kindOf({ body }: Seen): string {
  if (/name="password"/.test(body)) return "password";
  if (/id="code-recovery"/.test(body)) return "recovery";
  if (/data-passkey="get"/.test(body)) return "passkey";
  if (/authenticator app/.test(textOf(body))) return "app";
  return /name="code"/.test(body) ? "code" : assert.fail(textOf(body).slice(0, 300));
}

async function fill(visitor: TestVisitor, page: Seen, sent: number): Promise<Seen> {
  switch (kindOf(page)) {
    case "password":
      return visitor.submit(page, { username: "grace", password: PASSWORD });
    case "passkey":
      return visitor.submit(page, { passkey: answerOf(page) });
    case "recovery":
      return visitor.submit(page, { code: codes.pop() ?? "" });
    case "app":
      // Each step of time counts once.
      advance(MINUTE);
      return visitor.submit(page, {
        code: new TOTP({ secret: SECRET }).generate({ timestamp: Date.now() + skew }),
      });
    default:
      return visitor.submit(page, { code: await server.simulator.codeAfter(sent, GRACE) });
  }
}

async function goThrough(visitor: TestVisitor, url: string) {
  let sent = (await server.simulator.messages()).length;
  let page = await visitor.get(url);
  const pages: string[] = [];
  while (!page.url.href.startsWith(CALLBACK) && pages.length < 4) {
    pages.push(kindOf(page));
    const before = (await server.simulator.messages()).length;
    page = await fill(visitor, page, sent);
    if (pages.at(-1) !== "password") sent = before;
  }
  return { pages, page };
}

const BEFORE: Readonly<Record<Exclude<Shown, "none">, { acr: string; pages: readonly string[] }>> = {
  both: { acr: "twilio_sms", pages: ["password", "code"] },
  app: { acr: "otp", pages: ["password", "app"] },
  passkey: { acr: "fido2", pages: ["passkey"] },
  recovery: { acr: "recovery_code", pages: ["password", "recovery"] },
};
const essential = (acr: string) => ({
  claims: JSON.stringify({ id_token: { acr: { essential: true, values: [acr] } } }),
});

async function open(session: Shown): Promise<TestVisitor> {
  const visitor = server.visitor();
  if (session === "none") return visitor;
  const { acr, pages: expected } = BEFORE[session];
  const begun = await rp.begin(essential(acr));
  const { pages, page } = await goThrough(visitor, begun.url.href);
  assert.deepEqual(pages, expected);
  assert.equal(claimsOf(await rp.redeem(begun, page)).acr, acr);
  return visitor;
}

const AMR: Readonly<Record<string, readonly string[]>> = {
  twilio_sms: ["mfa", "pwd", "sms"],
  otp: ["mfa", "otp", "pwd"],
  recovery_code: ["mfa", "otp", "pwd"],
  fido2: ["hwk", "mfa"],
};

async function tries({ session, request, manner, prompt, promised }: Cell<Shown>): Promise<string> {
  const visitor = await open(session);
  const wish = manner === "essential" ? essential(request) : { acr_values: request };
  const begun = await rp.begin({ ...wish, ...(prompt === "" ? {} : { prompt }) });
  if (prompt === "none") {
    const first = await visitor.get(begun.url.href);
    if (first.url.searchParams.has("error")) {
      const error = String(refusalOf(first, begun).get("error"));
      assert.deepEqual({ kind: "error", error }, promised);
      return error;
    }
    const acr = claimsOf(await rp.redeem(begun, first)).acr;
    assert.deepEqual({ kind: "acr", pages: [], acr }, promised);
    return String(acr);
  }
  const { pages, page } = await goThrough(visitor, begun.url.href);
  const claims = claimsOf(await rp.redeem(begun, page));
  assert.deepEqual({ kind: "acr", pages, acr: claims.acr }, promised);
  // What is told is what was shown, never what was asked for.
  const told = session === "none" || prompt === "login" ? AMR[String(claims.acr)] : undefined;
  if (told !== undefined) assert.deepEqual([...(claims.amr ?? [])].sort(), told);
  return String(claims.acr);
}

const cells = readFactorTables();
test("the tables of the newer factors leave no case out", () => {
  const key = (...parts: readonly string[]) => parts.join(" × ");
  const expected = SHOWN.flatMap((session) =>
    ACRS.flatMap((acr) =>
      MANNERS.flatMap((manner) => PROMPTS.map((prompt) => key(session, acr, manner, prompt))),
    ),
  );
  const found = cells.map(({ session, request, manner, prompt }) => key(session, request, manner, prompt));
  assert.deepEqual(found.sort(), expected.sort());
});

for (const cell of cells) {
  const { session, request, manner, prompt } = cell;
  test(`T13 T14: shown ${session}, ${manner} request for ${request}${prompt === "" ? "" : `, prompt=${prompt}`}`, async () => {
    // So that no text waits for another one's.
    advance(2 * MINUTE);
    await tries(cell);
  });
}
