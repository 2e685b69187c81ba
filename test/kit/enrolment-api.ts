/** Applications at the enrolment API: one that holds its own token alone, and one that people have signed in to. */
import assert from "node:assert/strict";
import { basic, createRelyingParty, post } from "./relying-party.ts";
import { CALLBACK, type ServerOptions, type TestServer, WEB_SECRET } from "./server.ts";
import type { TestVisitor } from "./visitor.ts";

export const ENROL = "https://jans.io/casa.enroll";
const LOOK = "https://jans.io/casa.2fa";
const MACHINE_SECRET = "a-secret-of-the-machine";
const scope = `${ENROL} ${LOOK}`;
const machine = { client_secret: MACHINE_SECRET, grant_types: ["client_credentials"] };

/** `backend` and `other` are machines with both scopes, `looker` one that only looks; people sign in to `shop` and `kiosk`. */
export const applications: NonNullable<ServerOptions["clients"]> = [
  { ...machine, client_id: "backend", client_name: "Shop backend", scope },
  { ...machine, client_id: "other", scope },
  { ...machine, client_id: "looker", scope: LOOK },
  ...["shop", "kiosk"].map((client_id) => ({
    client_id,
    client_name: "Harbour Shop",
    trusted: true,
    client_secret: WEB_SECRET,
    redirect_uris: [CALLBACK],
    scope: `openid ${scope}`,
  })),
];

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever JSON came back
  readonly json: any;
}

/** The token of an application alone. */
export async function machineToken(
  server: TestServer,
  client = "backend",
  wanted = client === "looker" ? LOOK : scope,
): Promise<string> {
  const fields = { grant_type: "client_credentials", scope: wanted };
  const { body, status } = await post(server, "/token", fields, basic(client, MACHINE_SECRET));
  assert.equal(status, 200, JSON.stringify(body));
  return String(body.access_token);
}

/** The token of a person who signs in to an application just now; `by` brings the browser through the pages. */
export async function personToken(
  server: TestServer,
  by: (visitor: TestVisitor, url: string) => ReturnType<TestVisitor["get"]>,
  client = "shop",
  acr_values = "twilio_sms",
): Promise<string> {
  const rp = await createRelyingParty(server, {
    clientId: client,
    auth: (await import("openid-client")).ClientSecretBasic(WEB_SECRET),
  });
  const begun = await rp.begin({ acr_values, scope: `openid ${scope}` });
  const seen = await by(server.visitor(), begun.url.href);
  return (await rp.redeem(begun, seen)).access_token;
}

/** One call; an object goes as JSON. */
export async function callEnrolment(
  server: Pick<TestServer, "issuer">,
  token: string | undefined,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  const answer = await fetch(new URL(`/jans-casa/rest${path}`, server.issuer), {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, json: text === "" ? undefined : JSON.parse(text) };
}

/** A stranger's valid mobile number, another for each n. */
export const numberOf = (n: number): string => `+4479111${String(23456 + n).padStart(5, "0")}`;
