/**
 * Numbers that stand in a person's attributes, where a mechanism sends codes there (decision 0020). Whoever writes one
 * changes a factor: it takes the right to phones, two administrators where adding one does, and the person is told. Asked
 * by users.ts, and so by SCIM. A number that no mechanism names is an entry of an address book and none of its business.
 */
import type { PersonChange, User } from "../../../core/directory.ts";
import type { HelpDeskSettings } from "../../../core/help-desk-settings.ts";
import type { Notices } from "../../../core/notices.ts";
import type { Sessions } from "../../../core/sessions.ts";
import { scopes } from "../contract/scopes.ts";
import { type Actor, type Refusal, refuse } from "./call.ts";
import type { Rights } from "./rights.ts";

export interface PersonPhonesDeps {
  readonly rights: Rights;
  readonly sessions: Pick<Sessions, "endAll">;
  readonly notices: Pick<Notices, "send">;
  readonly policy: () => HelpDeskSettings;
  /** Attributes that mechanisms of now send codes to. */
  readonly attributes: () => readonly string[];
  /** What stands there of a person under the name of an attribute. */
  readonly claimNamed: (user: User, name: string) => string | boolean | undefined;
}

export type PersonPhones = ReturnType<typeof createPersonPhones>;

export function createPersonPhones({ rights, sessions, notices, policy, ...deps }: PersonPhonesDeps) {
  /** The first attribute whose number this changes. */
  const touched = (before: User, { claims }: PersonChange): string | undefined =>
    claims === undefined
      ? undefined
      : deps
          .attributes()
          .find((name) => deps.claimNamed(before, name) !== deps.claimNamed({ ...before, claims }, name));

  return {
    async refuses(actor: Actor, before: User, change: PersonChange): Promise<Refusal | undefined> {
      const name = touched(before, change);
      if (name === undefined) return undefined;
      if (!actor.scopes.includes(scopes.phonesWrite))
        return rights.notYours(
          actor,
          before,
          "change a phone",
          `${name}: codes are sent there, and changing it needs the scope ${scopes.phonesWrite}`,
        );
      const { secondApproval } = policy();
      return secondApproval.includes("add-phone") || secondApproval.includes("remove-factor")
        ? refuse(
            409,
            "approval",
            `${name}: codes are sent there, and changing a phone takes two administrators here; take the phone away and open a way for another one`,
          )
        : undefined;
    },
    /** What goes with it once it is done. */
    async changed({ label }: Actor, before: User, change: PersonChange): Promise<void> {
      if (touched(before, change) === undefined) return;
      await sessions.endAll(before.id, label, "the phone was changed");
      await notices.send(before.id, { kind: "phone-changed" });
    },
  };
}
