/**
 * The end of a session in whose place another person signs in. It is a logout like any other: the audit has it, and the
 * applications that want to be told of one are promised it before the row goes. Called by interaction.ts.
 */
import type { Storage } from "../../core/records.ts";
import type { Clock } from "../../core/words.ts";
import { type LogoutQueue, sidsOf } from "./logout-queue.ts";

/** As much of the engine's session as this needs. */
export interface Displaced {
  readonly accountId?: string | undefined;
  readonly loginId?: string | undefined;
  readonly authorizations?: Readonly<Record<string, { readonly sid?: string | undefined }>> | undefined;
  destroy(): Promise<void>;
}

export type Displacing = (session: Displaced, address: string) => Promise<void>;

export const createDisplacing =
  (deps: { readonly storage: Storage; readonly logouts: LogoutQueue; readonly now: Clock }): Displacing =>
  async (session, address) => {
    const { accountId: subject, loginId: login, authorizations } = session;
    if (subject !== undefined) {
      const event = { kind: "signed-out", at: deps.now(), subject, login, address } as const;
      await deps.storage.commit(deps.logouts.writes(subject, sidsOf(authorizations)), [event]);
      deps.logouts.queued();
    }
    await session.destroy();
  };
