/** Passwords by an administrator: a temporary one, one that has to be changed, a ticket. Each with a reason, and told. */
import type { Audit } from "../../../core/audit.ts";
import type { Authenticators } from "../../../core/authenticators.ts";
import type { Directory, PersonChange, User } from "../../../core/directory.ts";
import type { Notices } from "../../../core/notices.ts";
import type { PasswordOpenings } from "../../../core/password-openings.ts";
import { Secret } from "../../../core/secret.ts";
import type { Sessions } from "../../../core/sessions.ts";
import { temporaryPassword } from "../../../core/temporary-password.ts";
import type { Clock } from "../../../core/words.ts";
import * as contract from "../contract/passwords.ts";
import {
  type Actor,
  type Call,
  type Handler,
  handle,
  isRefusal,
  lost,
  notFound,
  type Refusal,
  refuse,
} from "./call.ts";
import { createHandsOn } from "./hands-on.ts";
import type { Rights } from "./rights.ts";

export interface PasswordDeps {
  readonly authenticators: Pick<Authenticators, "list">;
  readonly issuer: URL;
  readonly directory: Directory;
  readonly passwordOpenings: Pick<PasswordOpenings, "ticket" | "voidAll">;
  readonly sessions: Sessions;
  readonly audit: Audit;
  readonly notices: Notices;
  readonly rights: Rights;
  readonly now: Clock;
}

const ELSEWHERE = refuse(
  409,
  "kept-elsewhere",
  "this person is kept in a directory that is changed elsewhere; change the password there",
);
const ODD = refuse(
  400,
  "temporary",
  "temporary: makes the password, and it has to be changed; leave the rest out",
);
const NOT_KEPT = refuse(
  409,
  "approval",
  "set-password takes two administrators here: a temporary one can be asked for, or that it has to be changed; no password is kept while it waits, and none that you know becomes final",
);

export function passwordHandlers(deps: PasswordDeps): readonly Handler[] {
  const { directory, passwordOpenings, sessions, notices, now } = deps;

  const { whom, record } = createHandsOn(deps);

  /** What stands in the way of a ticket for this person. */
  async function inTheWay(user: User, actor: Actor): Promise<Refusal | undefined> {
    if (user.id === actor.subject)
      return refuse(
        409,
        "self",
        "nobody hands out a ticket to themselves; another administrator has to do it",
      );
    if (user.status !== "active") return refuse(409, "status", `${user.username} is disabled`);
    // The ticket would be all there is, and whoever hands it out the second one who approves.
    if (user.roles.length > 0 && (await deps.authenticators.list(user.id)).length === 0)
      return refuse(
        409,
        "role",
        `${user.username} has a role and no second factor to show; the way back is on the server's host: sallyport admin recover`,
      );
    return directory.keptElsewhere?.(user.id) === true && directory.mayReset?.(user.id) !== true
      ? ELSEWHERE
      : undefined;
  }

  const odd = ({ temporary, password, mustChange }: Call<typeof contract.postPassword>["body"]) =>
    temporary && (password !== undefined || !mustChange) ? ODD : undefined;

  const setting = handle(
    contract.postPassword,
    async ({ params, body, actor }) => {
      const user = await whom(params.inum, actor, "set a password");
      if (isRefusal(user)) return user;
      const { password: given, temporary, mustChange, reason } = body;
      const wrong = odd(body);
      if (wrong !== undefined) return wrong;
      const made = temporary ? temporaryPassword(now()) : undefined;
      const password = given === undefined ? made?.password : new Secret(given);
      const change: PersonChange = {
        ...(password === undefined ? {} : { password }),
        mustChange: made?.until ?? mustChange,
      };
      const { write } = directory;
      if (write === undefined) return ELSEWHERE;
      await record("user-changed", actor, user.id, { changed: Object.keys(change), reason });
      const done = await write.change(user.id, change, user.version);
      if (done.kind === "password-refused") return refuse(400, "password", `password: ${done.why}`);
      if (done.kind === "changed-meanwhile") return lost();
      if (done.kind === "kept-elsewhere") return ELSEWHERE;
      if (done.kind !== "done") return notFound("user");
      if (password !== undefined) {
        await sessions.endAll(user.id, actor.label, "new password");
        await passwordOpenings.voidAll(user.id);
        await notices.send(user.id, { kind: "password-changed" });
      }
      return {
        body: {
          mustChange: done.user.mustChange === true,
          ...(made === undefined
            ? {}
            : { temporaryPassword: made.password.reveal(), until: new Date(made.until).toISOString() }),
        },
      };
    },
    // Asked of whatever has to wait for a second administrator: what waits is kept, and a password is not to be. Nor may a
    // temporary one, which the asker knows, be made final by a yes that does not see the difference.
    async ({ body }) =>
      body.password !== undefined || !body.mustChange
        ? NOT_KEPT
        : (odd(body) ?? (directory.write === undefined ? ELSEWHERE : undefined)),
  );
  const handingOut = handle(
    contract.postPasswordTicket,
    async ({ params, body, actor }) => {
      const user = await whom(params.inum, actor, "hand out a password ticket");
      if (isRefusal(user)) return user;
      const no = await inTheWay(user, actor);
      if (no !== undefined) return no;
      await record("password-ticket", actor, user.id, { reason: body.reason });
      const { ticket, until } = await passwordOpenings.ticket(user, actor.label);
      await notices.send(user.id, { kind: "password-ticket" });
      return {
        body: {
          ticket: ticket.reveal(),
          until: new Date(until).toISOString(),
          url: new URL("/forgotten/ticket", deps.issuer).href,
        },
      };
    },
    async ({ params, actor }) => {
      const user = await directory.get(params.inum);
      return user === undefined ? notFound("user") : inTheWay(user, actor);
    },
  );
  return [setting, handingOut];
}
