/** What the steps of this factor are given. */
import type { Audit } from "../../../core/audit.ts";
import type { Authenticators } from "../../../core/authenticators.ts";
import type { Codes } from "../../../core/codes.ts";
import type { Devices } from "../../../core/device.ts";
import type { Enrolment } from "../../../core/enrolment.ts";
import type { CodePurpose } from "../../../core/message-texts.ts";
import type { Notices } from "../../../core/notices.ts";
import type { Storage } from "../../../core/records.ts";
import type { Sending } from "../../../core/sending.ts";
import type { TestNumber } from "../../../core/test-numbers.ts";
import type { Clock, Subject } from "../../../core/words.ts";
import type { Phones } from "../../../kits/phone/phones.ts";

export const KIND = "sms";

export interface SmsFactorDeps {
  readonly codes: Codes;
  readonly testNumberOf: (e164: string) => TestNumber | undefined;
  /** Whether the person may administer anything. */
  readonly hasRole: (subject: Subject) => Promise<boolean>;
  readonly sending: Pick<Sending, "reserve">;
  readonly devices: Pick<Devices, "knows">;
  readonly notices: Notices;
  /** Wrong codes in a row after which the person is told. */
  readonly noticeAfter: () => number;
  readonly authenticators: Authenticators;
  /** For how long a number is new (core/undo.ts). */
  readonly newNumberHours: () => number;
  /** What the directory holds under this attribute. */
  readonly claimOf: (subject: Subject, attribute: string) => Promise<string | boolean | undefined>;
  readonly enrolment: Enrolment;
  readonly phones: Phones;
  readonly countries: () => "all" | readonly string[];
  readonly audit: Audit;
  readonly storage: Pick<Storage, "commit">;
  readonly now: Clock;
  /** Host of the issuer as the message's last line names it. */
  readonly host: string;
  /** Whether any gateway can bring a code by a call. */
  readonly canCall: () => Promise<boolean>;
  /** Sends that one login may ask for. */
  readonly mostSends: () => number;
  /** Tries that one code allows. */
  readonly mostTries: () => number;
  /** What a code of the challenge is for; sign-in if not given. */
  readonly purpose?: CodePurpose | undefined;
  /** Keyed hash of a number, the same for every holder. */
  readonly phoneKey: (e164: string) => string;
}
