/** Who may use the simulated API: HTTP Basic with `AccountSid:AuthToken` or with an API key (RFC 7617). */
import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { refusal, send } from "./answers.ts";

export interface Account {
  readonly sid: string;
  readonly token: string;
  readonly apiKeys?: readonly { readonly sid: string; readonly secret: string }[] | undefined;
}

/** `accounts` is asked at every request: an account may be added or changed while the simulator runs. */
export function createAccounts(accounts: () => readonly Account[]) {
  const bySid = (sid: string) => accounts().find((account) => account.sid === sid);
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const equal = (a: string, b: string) => timingSafeEqual(digest(a), digest(b));

  const givenBy = (request: FastifyRequest): string | undefined => {
    const [scheme, coded = ""] = (request.headers.authorization ?? "").split(" ");
    return scheme?.toLowerCase() === "basic" ? Buffer.from(coded, "base64").toString("utf8") : undefined;
  };

  function isAccount(request: FastifyRequest): "token" | "key" | undefined {
    const { account: named } = request.params as { account?: string };
    const given = givenBy(request);
    // The newer APIs name no account in their paths: it is the one that asks.
    const account =
      named === undefined
        ? accounts().find(({ sid, apiKeys = [] }) =>
            [sid, ...apiKeys.map((key) => key.sid)].some((one) => given?.startsWith(`${one}:`)),
          )
        : bySid(named.replace(/\.json$/, ""));
    if (account === undefined || given === undefined) return undefined;
    if (equal(given, `${account.sid}:${account.token}`)) return "token";
    return account.apiKeys?.some(({ sid, secret }) => equal(given, `${sid}:${secret}`)) ? "key" : undefined;
  }

  return {
    /** The token that signs an account's callbacks. */
    tokenOf: (sid: string): string => bySid(sid)?.token ?? "",
    async authenticate(request: FastifyRequest, reply: FastifyReply) {
      const by = isAccount(request);
      // A standard API key may not read /Accounts (Twilio error 20003).
      const isResource = request.routeOptions.url?.endsWith("/Accounts/:account") === true;
      if (by === "token" || (by === "key" && !isResource)) return;
      reply.header("www-authenticate", 'Basic realm="Twilio API"');
      return send(reply, refusal(20003, 401));
    },
  };
}
