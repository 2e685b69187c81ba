/** Taking something away that a person signs in with: the event, every session, wrong codes and open ways, the notice. */
import type { Audit } from "../../../core/audit.ts";
import type {
  Authenticator,
  Authenticators,
  PasskeyData,
  PhoneData,
  TotpData,
} from "../../../core/authenticators.ts";
import type { User } from "../../../core/directory.ts";
import type { Enrolment } from "../../../core/enrolment.ts";
import { type Notices, wasOf } from "../../../core/notices.ts";
import { PhoneNumber } from "../../../core/secret.ts";
import type { Sessions } from "../../../core/sessions.ts";
import type { Clock, Subject } from "../../../core/words.ts";
import { type Actor, behind } from "./call.ts";

export interface TakingDeps {
  readonly authenticators: Authenticators;
  readonly enrolment: Enrolment;
  readonly sessions: Sessions;
  readonly audit: Audit;
  readonly notices: Notices;
  readonly forgetFailures: (subject: Subject) => Promise<void>;
  readonly now: Clock;
}

export const createTaking =
  ({ authenticators, enrolment, sessions, audit, notices, forgetFailures, now }: TakingDeps) =>
  async (user: User, actor: Actor, one: Authenticator, reason: string): Promise<void> => {
    const { id, kind } = one;
    const name = kind === "sms" ? { phone: labelOf(one) ?? "" } : {};
    await audit.append({
      kind: "authenticator-unbound",
      at: now(),
      subject: user.id,
      client: actor.client,
      address: actor.address,
      facts: { factor: kind, ...behind(actor), ...name, reason },
    });
    await authenticators.unbind(id, actor.label, reason);
    await enrolment.closeAll(user.id, kind);
    await sessions.endAll(user.id, actor.label, reason);
    await forgetFailures(user.id);
    await notices.send(
      user.id,
      kind === "sms" ? { kind: "phone-removed", ...wasOf([one]) } : { kind: "factor-removed" },
    );
  };

/** What the person calls it; of a phone its masked number. */
export function labelOf({ kind, data }: Authenticator): string | undefined {
  if (kind === "sms") return new PhoneNumber((data as PhoneData).number).toString();
  if (kind !== "totp" && kind !== "passkey") return undefined;
  const { label } = data as TotpData | PasskeyData;
  return label === "" ? undefined : label;
}
