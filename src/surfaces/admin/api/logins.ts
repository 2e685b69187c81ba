/** Logins as support sees them: the audit's events of one login in their order, and which logins a person had. */
import type { Audit, AuditEntry } from "../../../core/audit.ts";
import type { Directory } from "../../../core/directory.ts";
import * as contract from "../contract/logins.ts";
import { type Handler, handle, refuse } from "./call.ts";

export interface LoginDeps {
  readonly audit: Audit;
  readonly directory: Pick<Directory, "get">;
}

/** Steps of one login that are shown; resends, tries and receipts of a long one are some dozens. */
const MOST_STEPS = 1000;
const PAGE = 200;
/** Events of a person that are looked at for their latest logins. */
const LOOKED_AT = 1000;
const OUTCOMES = ["signed-in", "login-cancelled", "login-stopped"] as const;

const iso = (at: number): string => new Date(at).toISOString();

export function loginHandlers({ audit, directory }: LoginDeps): readonly Handler[] {
  /** Newest first. */
  async function events(search: { login?: string; subject?: string }, most: number) {
    const found: AuditEntry[] = [];
    let after: number | undefined;
    do {
      const page = await audit.page({ ...search, limit: Math.min(PAGE, most - found.length), after });
      found.push(...page.entries);
      after = page.next;
    } while (after !== undefined && found.length < most);
    return { found, more: after !== undefined };
  }

  async function summary(login: string, oldestFirst: readonly AuditEntry[]) {
    const subject = oldestFirst.find((one) => one.subject !== undefined)?.subject;
    const client = oldestFirst.find((one) => one.client !== undefined)?.client;
    const username = subject === undefined ? undefined : (await directory.get(subject))?.username;
    const ended = OUTCOMES.find((kind) => oldestFirst.some((one) => one.kind === kind));
    return {
      login,
      ...(subject === undefined ? {} : { subject }),
      ...(username === undefined ? {} : { username }),
      ...(client === undefined ? {} : { client }),
      begun: iso(oldestFirst[0]?.at ?? 0),
      outcome: ended ?? ("open" as const),
    };
  }

  return [
    handle(contract.getLogin, async ({ params }) => {
      const { found, more } = await events({ login: params.login }, MOST_STEPS);
      const steps = found.reverse();
      const begun = steps[0]?.at;
      if (begun === undefined)
        return refuse(
          404,
          "The requested login doesn't exist",
          "nothing was tried in a login with this id; it is the reference on the person's page",
        );
      return {
        body: {
          ...(await summary(params.login, steps)),
          steps: steps.map(({ at, kind, client, address, facts }) => ({
            at: iso(at),
            // Another node's clock may be a little behind.
            afterMs: Math.max(0, at - begun),
            kind,
            ...(client === undefined ? {} : { client }),
            ...(address === undefined ? {} : { address }),
            ...(facts === undefined ? {} : { facts }),
          })),
          more,
        },
      };
    }),
    handle(contract.getLogins, async ({ query: { subject, limit } }) => {
      const { found } = await events({ subject }, LOOKED_AT);
      const latest = [...new Set(found.flatMap(({ login }) => login ?? []))].slice(0, limit);
      // Until the password is right a login is nobody's: some of its events are found by its id alone.
      const summaries = latest.map(async (login) =>
        summary(login, (await events({ login }, PAGE)).found.reverse()),
      );
      return { body: { entries: await Promise.all(summaries) } };
    }),
  ];
}
