/**
 * `/login/:uid`: between the engine and the walk. One URL per login; a form is never answered by the next page, so
 * every page can be reloaded. Whatever the walk has proven becomes the engine's login result here, and nothing else does.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { errors, type KoaContextWithOIDC, type Provider } from "oidc-provider";
import type { Devices } from "../../core/device.ts";
import { STAND_IN } from "../../core/gate.ts";
import type { Standing, Turn } from "../../core/login.ts";
import type { Form } from "../../core/mechanism.ts";
import type { Page } from "../../core/pages.ts";
import type { Walk } from "../../core/walk.ts";
import type { Displaced, Displacing } from "./displaced.ts";
import { canHandOn } from "./hand-on.ts";
import { createStart, type Interaction, restartUrl, type StartDeps } from "./login-start.ts";
import { UNMET } from "./policy.ts";
import type { createDeviceCookies } from "./remembering.ts";
import type { Visit } from "./visitor.ts";

export type Answer =
  | {
      readonly kind: "page";
      readonly page: Page;
      readonly status: number;
      readonly redirectUri?: unknown;
      readonly uiLocales?: unknown;
    }
  | SeeOther;

interface SeeOther {
  readonly kind: "see-other";
  readonly url: string;
  readonly cookies?: readonly string[];
}

/** The login's result stands in its interaction, for the engine of this revision to go on with in the same request. */
export interface HandingOn {
  readonly kind: "hand-on";
  readonly revision: number;
  readonly cookies?: readonly string[] | undefined;
}

export interface LoginDeps extends StartDeps {
  readonly walk: Walk;
  readonly devices: Devices;
  readonly displace: Displacing;
  readonly marksCookie: (marks: readonly string[]) => string;
  readonly deviceCookies: ReturnType<typeof createDeviceCookies>;
  readonly csrfToken: (uid: string, turn: number, browser: string) => string;
}

/** The interaction of this browser; undefined when it has ended or was never this browser's. */
export async function findInteraction(
  provider: Provider,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<Interaction | "other-person" | undefined> {
  try {
    return await provider.interactionDetails(req, res);
  } catch (problem) {
    if (!(problem instanceof errors.SessionNotFound)) throw problem;
    return /principal/.test(problem.error_description ?? "") ? "other-person" : undefined;
  }
}

/** A login that is proven or was cancelled. */
export type Ended = Extract<Standing, { kind: "proven" | "stopped" }>;

/** The engine's session of this browser as it is now, which may have begun after the login did. */
export type CurrentSession = () => Promise<Displaced | undefined>;

/** Gives a login's result to the engine; answers the URL at which the engine goes on. */
type Give = (details: Interaction, result: Record<string, unknown>) => Promise<string>;

export function createLogin(deps: LoginDeps) {
  const { provider, snapshot, walk } = deps;

  const startOf = createStart(deps);

  const known = async (subject: string | undefined) =>
    subject === undefined ? undefined : (await deps.directory.get(subject))?.username;

  async function answerOf(
    turn: Turn,
    details: Interaction,
    visit: Visit,
    current: CurrentSession,
    give: Give = record,
  ): Promise<Answer> {
    switch (turn.kind) {
      case "proven":
        return finish(details, turn, visit, current, give);
      case "stopped":
        if (turn.reason === "cancelled")
          return {
            kind: "see-other",
            url: await refuse(details, "access_denied", "the person cancelled the sign-in", give),
          };
        return inLanguage(
          turn.login.locale,
          errorPage(turn.reason, turn.login.restart, turn.login.client.name, 403, turn.login.id),
        );
      case "expired":
        return inLanguage(
          turn.login?.locale,
          errorPage(
            "expired",
            turn.login?.restart ?? restartUrl(details),
            turn.login?.client.name ?? "",
            400,
            details.uid,
          ),
        );
      case "other-browser":
        return elsewhere("other-browser", restartUrl(details));
      case "page":
        return pageOf(turn, visit);
    }
  }

  function pageOf({ login, page, notice, turn }: Extract<Turn, { kind: "page" }>, visit: Visit): Answer {
    const facts = {
      ...page.facts,
      brand: snapshot.brand,
      appName: login.client.name,
      action: `/login/${login.id}`,
      csrf: deps.csrfToken(login.id, turn, visit.visitor.browser),
      ...(notice === undefined
        ? {}
        : {
            notice: notice.key,
            ...(notice.args === undefined ? {} : { noticeArgs: { ...notice.args } }),
          }),
    };
    return {
      kind: "page",
      status: 200,
      page: { page: page.page, facts } as Page,
      redirectUri: login.redirectUri,
      uiLocales: login.locale,
    };
  }

  /** What was proven becomes the engine's session; a session of somebody else ends first, so no two people mix (S10). */
  async function finish(
    details: Interaction,
    { end, login: walked }: Extract<Standing, { kind: "proven" }>,
    visit: Visit,
    current: CurrentSession,
    give: Give,
  ): Promise<Answer> {
    const { revision, enrol, enrolled } = walked;
    const old = await current();
    if (old?.accountId !== undefined && old.accountId !== end.subject) {
      await deps.displace(old, visit.visitor.address);
      delete (details as { session?: unknown }).session;
    }
    const login = {
      accountId: end.subject,
      acr: end.attained.acr,
      amr: [...end.attained.amr],
      ts: Math.floor(end.attained.authTime / 1000),
      remember: true,
      proofs: [...end.proofs],
      revision,
      device: { address: visit.visitor.address, agent: visit.agent },
      loginId: details.uid,
      ...(enrolled === true ? { enrolled: enrol } : {}),
    };
    const url = await give(details, { login });
    const fully = end.proofs.some(({ factor }) => factor !== "password" && factor !== STAND_IN);
    return {
      kind: "see-other",
      url,
      cookies: [
        deps.marksCookie(deps.devices.remember(visit.visitor, end.subject, fully)),
        ...deps.deviceCookies(walked, visit),
      ],
    };
  }

  const refuse = (details: Interaction, error: string, description: string, give: Give = record) =>
    give(details, { error, error_description: description });

  const lay: Give = async (details, result) => {
    details.result = ("error" in result ? result : { ...details.lastSubmission, ...result }) as NonNullable<
      Interaction["result"]
    >;
    return details.returnTo;
  };

  /** Writes the result down, for the request that the browser is sent to. */
  async function record(details: Interaction, result: Record<string, unknown>): Promise<string> {
    await lay(details, result);
    try {
      await details.save(Math.max(1, details.exp - Math.floor(deps.now() / 1000)));
    } catch (problem) {
      // Another tab has gone on with this login meanwhile; what this one finds behind the URL says so.
      if (!(problem instanceof errors.SessionNotFound)) throw problem;
    }
    return details.returnTo;
  }

  /** `reference`: the login's id, by which support finds what has happened in it. */
  const errorPage = (
    problem: string,
    restart: string,
    appName: string,
    status: number,
    reference = "",
  ): Answer => ({
    kind: "page",
    status,
    page: {
      page: "error",
      facts: {
        brand: snapshot.brand,
        appName,
        problem,
        reference,
        restartUrl: restart,
        oauthError: "",
        oauthDescription: "",
      },
    },
  });

  const elsewhere = (
    state: "finished" | "other-browser" | "other-person",
    continueUrl: string,
    username = "",
  ): Answer => ({
    kind: "page",
    status: state === "finished" ? 200 : 409,
    page: {
      page: "elsewhere",
      facts: { brand: snapshot.brand, appName: "", state, username, continueUrl },
    },
  });

  return {
    refuse,
    record,
    elsewhere,
    errorPage,
    /** The login is no longer the engine's: say what became of it. */
    async late(uid: string, visit: Visit, state: "other-person" | undefined): Promise<Answer> {
      const turn = await walk.stand(uid, visit.visitor);
      if (turn.kind === "other-browser") return elsewhere("other-browser", "");
      const { login } = turn;
      const answer =
        state === "other-person" || turn.kind === "proven"
          ? elsewhere(state ?? "finished", login?.restart ?? "")
          : errorPage("expired", login?.restart ?? "", login?.client.name ?? "", 400, login?.id);
      return inLanguage(login?.locale, answer);
    },
    /** The page of a login under way in a browser that has no session; undefined: the engine has to be asked. */
    async continued(uid: string, visit: Visit): Promise<Answer | undefined> {
      const turn = await walk.show(uid, visit.visitor);
      return turn.kind === "page" ? pageOf(turn, visit) : undefined;
    },
    /** How far the code of a login has come; `seconds`: since when. undefined: this browser is at no such page. */
    async delivery(
      uid: string,
      visit: Visit,
    ): Promise<{ readonly state: string; readonly seconds: number } | undefined> {
      const turn = await walk.show(uid, visit.visitor);
      if (turn.kind !== "page" || turn.page.page !== "code") return undefined;
      const { delivery, stateAt } = turn.page.facts;
      return { state: delivery, seconds: Math.max(0, Math.floor(deps.now() / 1000) - stateAt) };
    },
    /** Begins a login with the request for it, in a browser in which nobody is signed in. */
    async beginEarly({ req, res }: KoaContextWithOIDC, details: Interaction, visit: Visit): Promise<void> {
      const { prompt, session, deviceCode } = details;
      const nobody = session?.accountId === undefined && !hasSession(provider, req);
      if (prompt.name !== "login" || deviceCode !== undefined || !nobody) return;
      const start = await startOf(details, visit);
      if (start === undefined) return;
      await walk.begin(start);
      for (const cookie of visit.setCookies) res.appendHeader("set-cookie", cookie);
    },
    async show(details: Interaction, visit: Visit, current: CurrentSession): Promise<Answer> {
      // Somebody has signed in in another window since this login began: say so instead of asking again.
      if (details.session?.accountId === undefined) {
        const accountId = (await current())?.accountId;
        if (accountId !== undefined)
          return elsewhere("finished", restartUrl(details), await known(accountId));
      }
      const turn = await walk.show(details.uid, visit.visitor);
      if (turn.kind !== "expired" || turn.login !== undefined) return answerOf(turn, details, visit, current);
      const start = await startOf(details, visit);
      if (start === undefined)
        return { kind: "see-other", url: await refuse(details, "unmet_authentication_requirements", UNMET) };
      await walk.begin(start);
      return answerOf(await walk.show(details.uid, visit.visitor), details, visit, current);
    },
    /**
     * Hands a form to the walk. `goes-on`: the browser is sent to look for itself, for a page is never the answer to a
     * post and a reload repeats nothing. undefined: no form for the walk (consent, another person, nothing known).
     */
    async submit(
      uid: string,
      turn: number,
      form: Form,
      visit: Visit,
    ): Promise<Ended | "goes-on" | undefined> {
      if (form.action === "switch") return undefined;
      const next = await walk.submit(uid, turn, form, visit.visitor);
      if (next.kind === "expired" && next.login === undefined) return undefined;
      const ended = next.kind === "proven" || (next.kind === "stopped" && next.reason === "cancelled");
      return ended ? next : "goes-on";
    },
    /** A login that has come to its end by a form, told to the engine. */
    async end(
      standing: Ended,
      details: Interaction,
      visit: Visit,
      current: CurrentSession,
    ): Promise<Answer | HandingOn> {
      if (!canHandOn(details)) return answerOf(standing, details, visit, current);
      const answer = await answerOf(standing, details, visit, current, lay);
      if (answer.kind === "page") return answer;
      return { kind: "hand-on", revision: standing.login.revision, cookies: answer.cookies };
    },
    /**
     * What stands in the way of a resume; undefined: nothing. A login that was begun in another browser would, by a
     * planted cookie, sign this one's person in as whoever showed the factors there (login CSRF, M07). One that is not
     * done goes on where it is: the engine would drop it and begin, and send, anew. The cookie is read with the engine's
     * own parser, so that both see the same one. `revision`: the settings the login began on, and is resumed on.
     */
    async beforeResume(
      req: IncomingMessage,
      res: ServerResponse,
      visit: Visit,
    ): Promise<Answer | { readonly kind: "resume"; readonly revision: number | undefined }> {
      const { cookies } = provider.createContext(req, res);
      const uid = cookies.get(provider.cookieName("resume"), { signed: true });
      if (uid === undefined) return { kind: "resume", revision: undefined };
      const turn = await walk.stand(uid, visit.visitor);
      if (turn.kind === "other-browser") return elsewhere("other-browser", "");
      if (turn.kind === "open") return { kind: "see-other", url: `/login/${turn.login.id}` };
      if (turn.login !== undefined) return { kind: "resume", revision: turn.login.revision };
      // Consent has no login of its own; the one that led to it stands in its interaction.
      const found = await provider.Interaction.find(uid);
      // Proven, not taken up, and ended with everything else of the person meanwhile: it begins anew (S07).
      if (found?.result?.login !== undefined && found.prompt.name === "login")
        return { kind: "see-other", url: `/login/${uid}` };
      return { kind: "resume", revision: revisionOf(found) };
    },
    /** Ends the session and starts the same request anew, for another person. */
    async switchPerson(details: Interaction, visit: Visit): Promise<Answer> {
      const uid = details.session?.uid;
      const session = uid === undefined ? undefined : await provider.Session.findByUid(uid);
      if (session !== undefined) await deps.displace(session, visit.visitor.address);
      const url = restartUrl(details);
      // The device has been allowed by nobody yet: the same browser is asked again.
      const code =
        details.deviceCode === undefined ? undefined : await provider.DeviceCode.find(details.deviceCode);
      if (code !== undefined) await Object.assign(code, { inFlight: false }).save();
      // A pushed request can be made anew by the relying party alone; it is told to.
      if (url === "")
        return {
          kind: "see-other",
          url: await refuse(details, "login_required", "another person wants to sign in"),
        };
      await details.destroy();
      return { kind: "see-other", url };
    },
  };
}

/** Whether a browser says that it has a session. */
export const hasSession = (provider: Provider, { headers }: IncomingMessage): boolean =>
  (headers.cookie ?? "").includes(provider.cookieName("session"));

/** A page in the language its login began in; without a login in the browser's. */
const inLanguage = (locale: string | undefined, answer: Answer): Answer =>
  answer.kind === "page" && locale !== undefined ? { ...answer, uiLocales: locale } : answer;

/** The settings that the login before this interaction was made on. */
const revisionOf = (details: Interaction | undefined): number | undefined =>
  (details?.lastSubmission as { login?: { revision?: number } } | undefined)?.login?.revision;
