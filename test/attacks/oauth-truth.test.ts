/**
 * T13, T14: `acr`, `amr` and `auth_time` say what happened. A matrix of what the session has seen, what the application
 * asks for and with which prompt; every cell is either the truth or an honest question.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { claimsOf, createRelyingParty } from "../kit/relying-party.ts";
import { CALLBACK, GRACE, startServer } from "../kit/server.ts";
import type { TestVisitor } from "../kit/visitor.ts";

const server = await startServer({
  clients: [
    { client_id: "strong", trusted: true, redirect_uris: [CALLBACK], default_acr_values: ["twilio_sms"] },
    {
      client_id: "weak",
      trusted: true,
      redirect_uris: [CALLBACK],
      default_acr_values: ["simple_password_auth"],
    },
  ],
});
const spa = await createRelyingParty(server);
const strong = await createRelyingParty(server, { clientId: "strong" });
const weak = await createRelyingParty(server, { clientId: "weak" });
type Session = "none" | "password" | "two-steps";
type Outcome = "silent" | "password" | "code" | "login_required" | "unmet_authentication_requirements";

const essential = (...values: string[]) => ({
  claims: JSON.stringify({ id_token: { acr: { essential: true, values } } }),
});
const voluntary = (value: string) => ({ claims: JSON.stringify({ id_token: { acr: { value } } }) });

/** Request → what each session leads to. */
const matrix: readonly (readonly [string, typeof spa, Record<string, string>, Record<Session, Outcome>])[] = [
  ["nothing", spa, {}, { none: "password", password: "code", "two-steps": "silent" }],
  [
    "acr_values=simple_password_auth",
    spa,
    { acr_values: "simple_password_auth" },
    { none: "password", password: "silent", "two-steps": "silent" },
  ],
  [
    "acr_values=twilio_sms",
    spa,
    { acr_values: "twilio_sms" },
    { none: "password", password: "code", "two-steps": "silent" },
  ],
  [
    "acr_values of both, the strong one first",
    spa,
    { acr_values: "twilio_sms simple_password_auth" },
    { none: "password", password: "silent", "two-steps": "silent" },
  ],
  [
    "unknown acr_values",
    spa,
    { acr_values: "urn:unknown" },
    { none: "password", password: "code", "two-steps": "silent" },
  ],
  [
    "an essential acr",
    spa,
    essential("twilio_sms"),
    { none: "password", password: "code", "two-steps": "silent" },
  ],
  [
    "essential against acr_values",
    spa,
    { acr_values: "simple_password_auth", ...essential("twilio_sms") },
    { none: "password", password: "code", "two-steps": "silent" },
  ],
  [
    "a voluntary acr claim",
    spa,
    voluntary("twilio_sms"),
    { none: "password", password: "code", "two-steps": "silent" },
  ],
  [
    "an essential acr that is not here",
    spa,
    essential("urn:unknown"),
    {
      none: "unmet_authentication_requirements",
      password: "unmet_authentication_requirements",
      "two-steps": "unmet_authentication_requirements",
    },
  ],
  [
    "nothing, by a client with a strong default",
    strong,
    {},
    { none: "password", password: "code", "two-steps": "silent" },
  ],
  [
    "nothing, by a client with a weak default",
    weak,
    {},
    { none: "password", password: "silent", "two-steps": "silent" },
  ],
  [
    "strong acr_values, by a client with a weak default",
    weak,
    { acr_values: "twilio_sms" },
    { none: "password", password: "code", "two-steps": "silent" },
  ],
  [
    "prompt=login",
    spa,
    { acr_values: "simple_password_auth", prompt: "login" },
    { none: "password", password: "password", "two-steps": "password" },
  ],
  [
    "max_age=0",
    spa,
    { acr_values: "simple_password_auth", max_age: "0" },
    { none: "password", password: "password", "two-steps": "password" },
  ],
  [
    "max_age=1000",
    spa,
    { acr_values: "twilio_sms", max_age: "1000" },
    { none: "password", password: "code", "two-steps": "silent" },
  ],
];

/** One browser per session; step-ups that are begun here are never finished, so each stays what it is. */
const browsers: Record<Session, TestVisitor> = {
  none: server.visitor(),
  password: server.visitor(),
  "two-steps": server.visitor(),
};
const seenBefore = {
  password: claimsOf(await spa.byPassword(browsers.password, "grace")),
  "two-steps": claimsOf(await spa.byTwoSteps(browsers["two-steps"])),
};
const truth = {
  password: { acr: "simple_password_auth", amr: ["pwd"] },
  "two-steps": { acr: "twilio_sms", amr: ["mfa", "pwd", "sms"] },
};

for (const [name, rp, parameters, outcomes] of matrix)
  for (const session of ["none", "password", "two-steps"] as const) {
    const outcome = outcomes[session];
    test(`T13 T14: ${name} in a session of ${session} leads to ${outcome}`, async () => {
      const visitor = browsers[session];
      const begun = await rp.begin(parameters);
      const seen = await visitor.get(begun.url.href);
      if (outcome === "silent" && session !== "none") {
        const claims = claimsOf(await rp.redeem(begun, seen));
        assert.equal(claims.acr, truth[session].acr);
        assert.deepEqual([...(claims.amr ?? [])].sort(), truth[session].amr);
        assert.equal(claims.auth_time, seenBefore[session].auth_time);
        assert.equal(claims.sub, seenBefore[session].sub);
      } else if (outcome === "password" || outcome === "code") {
        assert.ok(seen.url.pathname.startsWith("/login/"), seen.url.href);
        const asked = /name="password"/.test(seen.body)
          ? "password"
          : /name="code"/.test(seen.body)
            ? "code"
            : "?";
        assert.equal(asked, outcome);
      } else assert.equal(seen.url.searchParams.get("error"), outcome);
    });

    if (parameters.prompt === undefined)
      test(`T14: ${name} with prompt=none in a session of ${session} never asks and never lies`, async () => {
        const begun = await rp.begin({ ...parameters, prompt: "none" });
        const seen = await browsers[session].get(begun.url.href);
        if (outcome === "silent" && session !== "none")
          assert.equal(claimsOf(await rp.redeem(begun, seen)).acr, truth[session].acr);
        else {
          assert.equal(seen.url.searchParams.get("code"), null);
          assert.equal(
            seen.url.searchParams.get("error"),
            outcome === "unmet_authentication_requirements" ? outcome : "login_required",
          );
        }
      });
  }

test("T13: max_age in a strong session asks again for what is too old, and auth_time is that of the new proof", async (t) => {
  const visitor = server.visitor();
  const first = claimsOf(await spa.byTwoSteps(visitor));
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 600_000 });
  const before = (await server.simulator.messages()).length;
  const begun = await spa.begin({ acr_values: "twilio_sms", max_age: "300" });
  const page = await visitor.get(begun.url.href);
  assert.match(page.body, /name="password"/, "both proofs are too old");
  const codePage = await visitor.submit(page, { username: "grace", password: "two doors, one open" });
  const code = await server.simulator.codeAfter(before, GRACE);
  const claims = claimsOf(await spa.redeem(begun, await visitor.submit(codePage, { code })));
  assert.ok(Number(claims.auth_time) >= Number(first.auth_time) + 600);
  assert.equal(claims.acr, "twilio_sms");
});

test("T13: refreshing years of trust out of one sign-in does not work: a refreshed ID token keeps acr, amr and auth_time", async (t) => {
  const visitor = server.visitor();
  await spa.byTwoSteps(visitor);
  const begun = await spa.begin({ scope: "openid offline_access", prompt: "consent" });
  const first = await spa.redeem(begun, await visitor.submit(await visitor.get(begun.url.href), {}));
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 86_400_000 });
  const next = claimsOf(await spa.refresh(String(first.refresh_token)));
  assert.equal(next.acr, "twilio_sms");
  assert.deepEqual([...(next.amr ?? [])].sort(), ["mfa", "pwd", "sms"]);
  assert.equal(next.auth_time, claimsOf(first).auth_time);
});
