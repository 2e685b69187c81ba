/**
 * What every page of `/account` has in common: who is there, in which language, and that a form comes from our own page
 * in the person's own browser. A page of nobody leads to the sign-in and back; a form of nobody to the overview.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Notice } from "../../core/mechanism.ts";
import type { Page, PageFacts, PageName } from "../../core/pages.ts";
import { createStrength, type Strength } from "../../core/strength.ts";
import type { FactorKind } from "../../core/words.ts";
import { isCrossSite } from "../../kits/web/csrf.ts";
import { wantedLocales } from "../../kits/web/locale.ts";
import type { PortalDeps } from "./portal.ts";
import { type AccountSessions, createAccountSessions, type Here } from "./session.ts";

export type AccountPage = Extract<PageName, `account${string}`>;
type Own = "brand" | "appName" | "username" | "csrf" | "notice" | "noticeArgs" | "helpDesk";

/** One request of a person who is signed in. */
export interface Asked {
  readonly here: Here;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly parameters: Readonly<Record<string, string>>;
  readonly form: Readonly<Record<string, string>>;
  readonly address: string;
  /** BCP 47, one that there are pages in. */
  readonly locale: string;
}

export type Act = (asked: Asked) => Promise<FastifyReply>;

export interface Frame {
  readonly strength: Strength;
  readonly accounts: AccountSessions;
  /** What this browser, and who is signed in here, would like to read. */
  languages(request: FastifyRequest, here?: Here): readonly string[];
  look(path: string, act: Act): void;
  /** A form of ours. */
  take(path: string, act: Act): void;
  show<P extends AccountPage>(
    asked: Asked,
    page: P,
    facts: Omit<PageFacts<P>, Own>,
    more?: { readonly status?: number; readonly notice?: Notice },
  ): Promise<FastifyReply>;
  told(asked: Asked, what: string, args?: Readonly<Record<string, string | number>>): Promise<FastifyReply>;
  /** On to a page of ours, with a word to say there. */
  goOn(asked: Asked, path: string, said?: string, args?: Notice["args"]): Promise<FastifyReply>;
  /**
   * Whether the person may do it now. If not, they have been answered: led to what is missing and back to `next`, or told
   * why it cannot be. (Never a reply to look at: one that is awaited is nothing, and the act behind it would go on.)
   */
  isSure(asked: Asked, next: string, kind?: FactorKind): Promise<boolean>;
  /** When something was, in the person's language and time zone. */
  at(asked: Asked, ms: number): string;
}

/** The zone the person has chosen, if there is such a one. */
export const zoneOf = ({ user }: Pick<Here, "user">): string => {
  const zone = user.claims.zoneinfo;
  return typeof zone === "string" && Intl.supportedValuesOf("timeZone").includes(zone) ? zone : "UTC";
};

export function createFrame(scope: FastifyInstance, deps: PortalDeps): Frame {
  const { issuer, csrf, client, visitOf, policy } = deps;
  const strength = createStrength(deps);
  const accounts = createAccountSessions({ ...deps, https: issuer.protocol === "https:" });
  const subjectOf = (here: Here) => `account ${here.id}`;

  const languages = (request: FastifyRequest, here?: Here): readonly string[] => {
    const own = here?.user.claims.locale;
    return wantedLocales(typeof own === "string" ? own : undefined, request.headers["accept-language"]);
  };

  const cookies = (request: FastifyRequest, reply: FastifyReply): void => {
    for (const cookie of visitOf(request.raw).setCookies) reply.raw.appendHeader("set-cookie", cookie);
  };

  async function askedOf(request: FastifyRequest, reply: FastifyReply): Promise<Asked | undefined> {
    const { browser, address } = visitOf(request.raw).visitor;
    const here = await accounts.of(request.raw, browser);
    if (here === undefined) return undefined;
    return {
      here,
      request,
      reply,
      parameters: request.params as Record<string, string>,
      form: plainForm(request.body),
      address,
      locale: deps.localeFor(languages(request, here)),
    };
  }

  const seeOther = (reply: FastifyReply, url: string) => reply.code(303).header("location", url).send("");

  const frame: Frame = {
    strength,
    accounts,
    languages,
    look(path, act) {
      scope.get(path, { exposeHeadRoute: false }, async (request, reply) => {
        if (!policy().enabled) return reply.callNotFound();
        cookies(request, reply);
        const asked = await askedOf(request, reply);
        if (asked !== undefined) return act(asked);
        const { browser } = visitOf(request.raw).visitor;
        return seeOther(
          reply,
          await client.begin(browser, { next: request.url.split("?")[0] ?? "/account" }),
        );
      });
    },
    take(path, act) {
      scope.post(path, async (request, reply) => {
        if (!policy().enabled) return reply.callNotFound();
        cookies(request, reply);
        const asked = await askedOf(request, reply);
        if (asked === undefined) return seeOther(reply, "/account");
        const { browser } = visitOf(request.raw).visitor;
        const turn = csrf.turnOf(asked.form.csrf, subjectOf(asked.here), browser);
        if (!isCrossSite(request.headers, issuer.origin) && turn !== undefined) return act(asked);
        return frame.goOn(asked, "/account", "form.stale");
      });
    },
    async show(asked, page, facts, { status = 200, notice = asked.here.said } = {}) {
      const { here, request, reply } = asked;
      if (here.said !== undefined) await accounts.say(here.id, undefined);
      const whole = {
        ...facts,
        brand: deps.snapshot().brand,
        appName: "",
        username: here.user.username,
        helpDesk: deps.desk.isAgent(here.user.roles),
        csrf: csrf.token(subjectOf(here), 0, visitOf(request.raw).visitor.browser),
        ...(notice === undefined ? {} : { notice: notice.key, noticeArgs: { ...notice.args } }),
      };
      return reply
        .code(status)
        .type("text/html; charset=utf-8")
        .send(await deps.render({ page, facts: whole } as unknown as Page, languages(request, here)));
    },
    told: (asked, what, args = {}) =>
      frame.show(asked, "account-told", { what, args: { ...args }, backUrl: "/account" }),
    async goOn({ here, reply }, path, said, args) {
      if (said !== undefined)
        await accounts.say(here.id, { key: said, ...(args === undefined ? {} : { args }) });
      return seeOther(reply, path);
    },
    async isSure(asked, next, kind) {
      const { here, request, reply, locale } = asked;
      const sure = await strength.sure(here, kind);
      if (sure.kind === "sure") return true;
      if (sure.kind === "wait") await frame.told(asked, "new-number", { until: frame.at(asked, sure.until) });
      else if (sure.kind === "none") await frame.told(asked, "nothing-enough");
      else {
        const { browser } = visitOf(request.raw).visitor;
        const { freshFor } = policy();
        // What is too old is asked for anew, all of it; what is not has been found too weak, and is built on.
        const maxAge = deps.now() - here.authTime > freshFor * 1000 ? 1 : freshFor;
        const { subject, insist } = here;
        const wish = { next, subject, acrs: sure.acrs, maxAge, insist, locale };
        await seeOther(reply, await client.begin(browser, wish));
      }
      return false;
    },
    at: ({ here, locale }, ms) =>
      new Intl.DateTimeFormat(locale, {
        dateStyle: "medium",
        timeStyle: "short",
        timeZone: zoneOf(here),
      }).format(ms),
  };
  return frame;
}

/** Fields with one string value. A field sent twice, or as `name[]`, is not there at all. */
function plainForm(body: unknown): Readonly<Record<string, string>> {
  const form: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries((body ?? {}) as Record<string, unknown>))
    if (typeof value === "string") form[name] = value;
  return form;
}
