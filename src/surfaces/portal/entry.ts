/** In and out: where the server's answer comes in, and where a session of these pages ends. */
import type { FastifyInstance } from "fastify";
import type { Changes } from "../../core/factor-changes.ts";
import type { SignedIn, Wish } from "./client.ts";
import type { Asked, Frame } from "./frame.ts";
import { DESK_FRESH } from "./help-desk.ts";
import type { PortalDeps } from "./portal.ts";

export function mountEntry(scope: FastifyInstance, frame: Frame, deps: PortalDeps, changes: Changes): void {
  const { issuer, client, visitOf, authenticators, policy } = deps;
  const { accounts } = frame;

  scope.get("/account/callback", { exposeHeadRoute: false }, async (request, reply) => {
    if (!policy().enabled) return reply.callNotFound();
    const { visitor, setCookies } = visitOf(request.raw);
    for (const cookie of setCookies) reply.raw.appendHeader("set-cookie", cookie);
    const answer = await client.take(visitor.browser, new URL(request.url, issuer));
    const known = await accounts.of(request.raw, visitor.browser);
    if (answer.kind !== "signed-in") {
      if (known !== undefined) await accounts.say(known.id, { key: "account.failed.cancelled" });
      // Whoever has no session here would be sent to the sign-in they have just left.
      if (known === undefined) return reply.code(303).header("location", "/account/out").send("");
      return reply.code(303).header("location", "/account").send("");
    }
    const { who, wish } = answer;
    const isOld = deps.now() - who.authTime > Math.min(policy().freshFor, DESK_FRESH) * 1000;
    const { id, cookie } = await accounts.begin(request.raw, visitor.browser, {
      ...who,
      ...(wish.maxAge === 1 && isOld ? { insist: true } : {}),
    });
    reply.raw.appendHeader("set-cookie", cookie);
    await come(id, who, wish, visitor.address);
    return reply.code(303).header("location", wish.next).send("");
  });

  /** What was bound on the way, and what goes for it. */
  async function come(
    id: string,
    who: SignedIn,
    { enrol, locale = "en" }: Wish,
    address: string,
  ): Promise<void> {
    if (enrol === undefined) return;
    const { kind, had, replaces } = enrol;
    const held = await authenticators.list(who.subject, kind);
    const isNew = held.some((one) => !had.includes(one.id));
    const user = await deps.directory.get(who.subject);
    const session = await deps.sessions.find(who.sid);
    if (isNew && replaces !== undefined && user !== undefined && session !== undefined) {
      const asked = { here: { ...who, id, user, session }, address, locale } as Asked;
      // The walk has just asked for a factor; whether it was enough for this is weighed here as for any other removal.
      if ((await frame.strength.sure(asked.here, kind)).kind === "sure") {
        const done = await changes.replaced(asked, replaces);
        return accounts.say(id, {
          key: done === "removed" ? "account.done.changed" : "account.failed.meanwhile",
        });
      }
    }
    await accounts.say(id, { key: isNew ? "account.done.added" : "account.failed.not-added" });
  }

  scope.get("/account/out", { exposeHeadRoute: false }, async (request, reply) => {
    if (!policy().enabled) return reply.callNotFound();
    const { brand } = deps.snapshot();
    return reply.type("text/html; charset=utf-8").send(
      await deps.render(
        {
          page: "error",
          facts: {
            brand,
            appName: "",
            problem: "account-out",
            reference: "",
            restartUrl: "/account",
            oauthError: "",
            oauthDescription: "",
          },
        },
        frame.languages(request),
      ),
    );
  });

  frame.take("/account/logout", async ({ here, reply }) => {
    reply.raw.appendHeader("set-cookie", await accounts.end(here.id));
    // The session of the server is the server's to ask about: other applications may live by it.
    return reply.code(303).header("location", "/end_session").send("");
  });
}
