/** One whole login from /authorize to /token with a fresh cookie jar, at the product and at the bare engine. */
import { createHash, randomBytes } from "node:crypto";
import { type Agent, request } from "node:http";
import { type Answer, type Browser, createBrowser } from "./browser.ts";
import { CALLBACK, CLIENT, SCOPE } from "./client.ts";

export interface Person {
  readonly username: string;
  readonly password: string;
  /** E.164. */
  readonly phone: string;
}

type Claims = { readonly acr?: string; readonly amr?: readonly string[]; readonly nonce?: string };

interface Attempt {
  readonly browser: Browser;
  readonly verifier: string;
  readonly nonce: string;
  readonly url: string;
}

function begin(origin: string, agent: Agent): Attempt {
  const verifier = randomBytes(32).toString("base64url");
  const nonce = randomBytes(16).toString("base64url");
  const query = new URLSearchParams({
    client_id: CLIENT,
    response_type: "code",
    scope: SCOPE,
    redirect_uri: CALLBACK,
    state: randomBytes(16).toString("base64url"),
    nonce,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  return { browser: createBrowser(origin, agent), verifier, nonce, url: `/authorize?${query}` };
}

/** Password, code from the phone, token: six requests. Rejects when anything is not as it should be. */
export async function signIn(origin: string, phones: string, agent: Agent, person: Person): Promise<void> {
  const attempt = begin(origin, agent);
  const { browser } = attempt;
  const login = leadsTo(await browser.get(attempt.url));
  const { username, password, phone } = person;
  const first = await browser.get(login);
  leadsTo(await browser.post(login, { csrf: csrfOf(first), username, password }), login);
  const second = await browser.get(login);
  const code = await codeFor(phones, phone, agent);
  const { acr, amr } = await redeem(attempt, await browser.post(login, { csrf: csrfOf(second), code }));
  if (acr !== "twilio_sms" || amr?.includes("sms") !== true || !amr.includes("pwd"))
    throw new Error(`the ID token says acr ${acr}, amr ${amr}`);
}

/** The bare engine's login: four requests. */
export async function bareLogin(origin: string, agent: Agent): Promise<void> {
  const attempt = begin(origin, agent);
  const interaction = leadsTo(await attempt.browser.get(attempt.url));
  const resume = leadsTo(await attempt.browser.get(interaction));
  await redeem(attempt, await attempt.browser.get(resume));
}

async function redeem({ browser, verifier, nonce }: Attempt, answer: Answer): Promise<Claims> {
  const back = new URL(leadsTo(answer));
  const code = back.searchParams.get("code");
  if (!back.href.startsWith(CALLBACK) || code === null)
    throw new Error(`no code came back: ${back.searchParams.get("error_description") ?? back.pathname}`);
  const form = { grant_type: "authorization_code", client_id: CLIENT, redirect_uri: CALLBACK };
  const token = await browser.post("/token", { ...form, code, code_verifier: verifier });
  const parsed = JSON.parse(token.body) as { id_token?: string; access_token?: string; error?: string };
  if (parsed.id_token === undefined || parsed.access_token === undefined)
    throw new Error(`/token answered ${token.status} ${parsed.error}`);
  const claims = JSON.parse(
    Buffer.from(parsed.id_token.split(".")[1] ?? "", "base64url").toString(),
  ) as Claims;
  if (claims.nonce !== nonce) throw new Error("the ID token carries another nonce");
  return claims;
}

function leadsTo(answer: Answer, expected?: string): string {
  const { location } = answer.headers;
  if (answer.status !== 303 || location === undefined)
    throw new Error(`expected a redirect, got ${answer.status}: ${words(answer.body)}`);
  if (expected !== undefined && !location.endsWith(expected))
    throw new Error(`expected to be led to ${expected}, not ${location}`);
  return location;
}

function csrfOf(page: Answer): string {
  const field = /<input\b[^>]*\bname="csrf"[^>]*>/.exec(page.body)?.[0];
  const token = /\bvalue="([^"]+)"/.exec(field ?? "")?.[1];
  if (page.status !== 200 || token === undefined)
    throw new Error(`expected a form, got ${page.status}: ${words(page.body)}`);
  return token;
}

const words = (html: string): string =>
  html
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ")
    .slice(0, 200);

/** Reads the newest code of a number from the simulator's process (bench/simulator.ts). */
function codeFor(phones: string, phone: string, agent: Agent): Promise<string> {
  const { port } = new URL(phones);
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path: `/${encodeURIComponent(phone)}`, agent }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.on("end", () =>
        answer.statusCode === 200 ? resolve(text) : reject(new Error("no text message arrived")),
      );
    })
      .on("error", reject)
      .end();
  });
}
