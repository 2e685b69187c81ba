/**
 * What a person changes about what they sign in with, at the account pages or by an application, each with its event, its
 * notice and its way back. One change of a person at a time: of two that take the last two phones away, the second finds
 * that it would be the last. Whether the person may do it now has been weighed before (strength.ts).
 */
import type { Audit } from "./audit.ts";
import type { Authenticator, Authenticators, PhoneData } from "./authenticators.ts";
import type { User } from "./directory.ts";
import { type Notice, type Notices, wasOf } from "./notices.ts";
import type { Storage } from "./records.ts";
import { PhoneNumber } from "./secret.ts";
import type { Strength } from "./strength.ts";
import { preferred, type Undo } from "./undo.ts";
import type { Clock, Json, Subject } from "./words.ts";

/** Who changes something about themselves, and whence; `client`: the application they do it by. */
export interface Changing {
  readonly here: { readonly subject: Subject; readonly user: User };
  readonly address: string;
  /** BCP 47. */
  readonly locale: string;
  readonly client?: string | undefined;
}

export interface ChangesDeps {
  readonly storage: Storage;
  readonly authenticators: Authenticators;
  readonly audit: Audit;
  readonly notices: Notices;
  readonly undo: Undo;
  readonly now: Clock;
}

export type Changes = ReturnType<typeof createChanges>;

export type Removed = "removed" | "last" | "gone" | "busy";

/** How long a crashed change stands in the way of the next. */
const LONGEST = 10_000;
const SMS = "sms";

export function createChanges(deps: ChangesDeps, { strength }: { readonly strength: Strength }) {
  const { authenticators, audit, notices, undo, now } = deps;
  const turns = deps.storage.records<boolean>("account-change");

  async function alone<T>({ here }: Changing, act: () => Promise<T>): Promise<T | "busy"> {
    const won = await turns.update(here.subject, (taken) =>
      taken === undefined ? { result: true, write: true, expiresAt: now() + LONGEST } : { result: false },
    );
    if (!won) return "busy";
    try {
      return await act();
    } finally {
      await turns.remove(here.subject);
    }
  }

  const noticeOf = (
    kind: "phone-removed" | "phone-changed" | "factor-removed",
    more: Partial<Notice>,
  ): Notice => ({
    kind,
    ...more,
  });

  /** Takes it away: the event first, for a change that nobody can account for must not be. */
  async function take(
    { here, address, locale, client }: Changing,
    one: Authenticator,
    reason: string,
  ): Promise<void> {
    const { subject, kind, key, data, boundBy, boundAt } = one;
    const isPhone = kind === SMS;
    await audit.append({
      kind: "authenticator-unbound",
      at: now(),
      subject,
      client,
      address,
      facts: {
        factor: kind,
        ...(isPhone ? { phone: new PhoneNumber((data as PhoneData).number).toString() } : {}),
        by: here.subject,
        reason,
      },
    });
    await authenticators.unbind(one.id, here.subject, reason);
    await undo
      .offer({
        subject,
        factor: kind,
        change: "removed",
        unbind: [],
        bind: [{ subject, kind, key, data, boundBy, boundAt }],
      })
      .then((way) =>
        notices.send(
          subject,
          noticeOf(isPhone ? "phone-removed" : "factor-removed", {
            locale,
            undo: way,
            ...(isPhone ? { ...wasOf([one]), locale } : {}),
          }),
        ),
      );
  }

  /** One authenticator of this person; nobody else's is to be found here. */
  const find = async (
    { here }: Pick<Changing, "here">,
    id: string | undefined,
  ): Promise<Authenticator | undefined> =>
    (await authenticators.list(here.subject)).find((one) => one.id === id);

  return {
    find,
    async remove(asked: Changing, id: string): Promise<Removed> {
      return alone(asked, async () => {
        const one = await find(asked, id);
        if (one === undefined) return "gone";
        if (!(await strength.canLose(asked.here, one))) return "last";
        await take(asked, one, "removed by the person");
        return "removed";
      });
    },
    /** After another one was bound in its place. */
    async replaced(asked: Changing, id: string): Promise<Removed> {
      return alone(asked, async () => {
        const one = await find(asked, id);
        if (one === undefined) return "gone";
        const others = (await authenticators.list(one.subject, one.kind)).filter((other) => other.id !== id);
        if (others.length === 0) return "last";
        await take(asked, one, "replaced by the person");
        return "removed";
      });
    },
    async prefer(asked: Changing, one: Authenticator): Promise<boolean> {
      const { subject, kind, key, data } = one;
      const before = preferred(await authenticators.list(subject, kind));
      if (before === undefined || before.id === one.id) return false;
      await audit.append({
        kind: "user-changed",
        at: now(),
        subject,
        address: asked.address,
        facts: { changed: ["default phone"], by: subject },
      });
      const done = await authenticators.update(one.id, one.version, {
        ...(data as PhoneData),
        preferredAt: now(),
      } as Json);
      if (!done) return false;
      const change = {
        subject,
        factor: kind,
        change: "preferred",
        unbind: [],
        bind: [],
        prefer: before.key,
      } as const;
      await notices.send(
        subject,
        noticeOf("phone-changed", {
          locale: asked.locale,
          undo: await undo.offer(change),
          spare: { key, told: "last" },
        }),
      );
      return true;
    },
    name: (one: Authenticator, nickname: string): Promise<boolean> => {
      const { nickname: _before, ...data } = one.data as PhoneData;
      const name = nickname.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
      return authenticators.update(one.id, one.version, {
        ...data,
        ...(name === "" ? {} : { nickname: [...name].slice(0, 40).join("") }),
      } as Json);
    },
  };
}
