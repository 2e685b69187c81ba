/**
 * An API that asks for a stronger sign-in where it is worth it (RFC 9470): GET /balance is answered to every access token,
 * POST /transfer only to one behind which two factors stand, the older of them shown within the last five minutes. Whoever
 * has less gets 401 with what to ask the authorization server for. Node 20 or newer, no packages.
 *
 *   ISSUER=https://login.example.org CLIENT_ID=web CLIENT_SECRET_FILE=secret PORT=9000 node server.js
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const { ISSUER = "http://localhost:8080", CLIENT_ID = "web", CLIENT_SECRET_FILE = "secret" } = process.env;
const secret = readFileSync(CLIENT_SECRET_FILE, "utf8").trim();

/** What each path asks of the sign-in behind the token. */
const PATHS = {
  "GET /balance": {},
  "POST /transfer": { acr: process.env.ACR ?? "twilio_sms", maxAge: Number(process.env.MAX_AGE ?? 300) },
};

const discovered = await (await fetch(`${ISSUER}/.well-known/openid-configuration`)).json();
/** Acrs by level, as the server has them: what is stronger than what was asked for will do as well. */
const levelOf = (acr) =>
  Number(
    Object.entries(discovered.auth_level_mapping).find(([, acrs]) => acrs.includes(acr))?.[0] ?? -Infinity,
  );

/** What the authorization server says of the token (RFC 7662). It is asked each time: a token that was revoked is dead at once. */
async function introspect(token) {
  const answer = await fetch(discovered.introspection_endpoint, {
    method: "POST",
    headers: {
      authorization: `Basic ${btoa(`${encodeURIComponent(CLIENT_ID)}:${encodeURIComponent(secret)}`)}`,
    },
    body: new URLSearchParams({ token, token_type_hint: "access_token" }),
    redirect: "error",
    signal: AbortSignal.timeout(4000),
  });
  if (!answer.ok) throw new Error(`introspection answered ${answer.status}`);
  return answer.json();
}

const bearer = (parameters) =>
  `Bearer ${Object.entries(parameters)
    .map(([name, value]) => `${name}="${value}"`)
    .join(", ")}`;

/** Why the token will not do here; undefined: it does. */
function fault({ active, acr, auth_time: at }, { acr: wanted, maxAge }) {
  if (active !== true) return { error: "invalid_token", error_description: "The token is over or unknown" };
  if (wanted === undefined) return undefined;
  const strong = acr === wanted || levelOf(acr) >= levelOf(wanted);
  const fresh = typeof at === "number" && Date.now() / 1000 - at <= maxAge;
  if (strong && fresh) return undefined;
  return {
    error: "insufficient_user_authentication",
    error_description: strong ? "The sign-in is too long ago" : "A second factor is needed here",
    acr_values: wanted,
    max_age: maxAge,
  };
}

const server = createServer(async (request, response) => {
  const say = (status, json, headers = {}) =>
    response
      .writeHead(status, { "content-type": "application/json", "cache-control": "no-store", ...headers })
      .end(JSON.stringify(json));
  try {
    const asks = PATHS[`${request.method} ${request.url}`];
    if (asks === undefined) return say(404, { error: "not_found" });
    const [, token] = /^Bearer ([\w.~+/=-]+)$/i.exec(request.headers.authorization ?? "") ?? [];
    if (token === undefined) return say(401, {}, { "www-authenticate": bearer({ realm: "bank" }) });
    const known = await introspect(token);
    const wrong = fault(known, asks);
    if (wrong !== undefined) return say(401, { error: wrong.error }, { "www-authenticate": bearer(wrong) });
    say(200, { sub: known.sub, done: request.url.slice(1) });
  } catch {
    // Nobody is let through because the authorization server cannot be asked.
    say(503, { error: "temporarily_unavailable" }, { "retry-after": "5" });
  }
});
server.listen(Number(process.env.PORT ?? 9000), "127.0.0.1", () =>
  process.stdout.write(`http://127.0.0.1:${server.address().port}\n`),
);
