/** Puts the phones of directories in place, where there is a directory that keeps any; else everything stays as it is. */
import type { createAuthenticators } from "../core/authenticator-box.ts";
import type { Authenticators } from "../core/authenticators.ts";
import type { Directory } from "../core/directory.ts";
import { createDirectoryLook, LOOK_EVERY } from "../core/directory-look.ts";
import { createLosses } from "../core/directory-losses.ts";
import {
  createDirectoryPhones,
  type DirectoryPhonesDeps,
  type ReadNumber,
} from "../core/directory-phones.ts";
import type { Enrolment } from "../core/enrolment.ts";
import type { Storage } from "../core/records.ts";
import type { Sessions } from "../core/sessions.ts";
import type { Phones } from "../kits/phone/phones.ts";
import type { Background } from "./background.ts";

const WHY_NOT = {
  invalid: "is no telephone number; write it in international form, such as +44 7400 123456",
  "not-mobile": "cannot receive texts",
  "country-not-allowed": "is of a country that the settings do not allow",
} as const;

/** Digits as Casa keeps them: international, without the plus. */
const BARE = /^\d{8,15}$/;

export interface PlacedPhones {
  readonly authenticators: Authenticators;
  readonly accounts: Pick<Directory, "get">;
  /** Looks at those who are signed in, every minute. */
  follow(background: Pick<Background, "every">): void;
}

export function placePhones(
  deps: Omit<DirectoryPhonesDeps, "authenticators" | "losses" | "readNumber" | "enrolment" | "sessions"> & {
    readonly authenticators: ReturnType<typeof createAuthenticators>;
    readonly enrolment: () => Enrolment;
    readonly sessions: Sessions;
    readonly storage: Storage;
    readonly phones: Phones;
  },
): PlacedPhones {
  const { directory, authenticators, sessions, storage, now } = deps;
  if (directory.phones === undefined) return { authenticators, accounts: directory, follow() {} };
  const phones = createDirectoryPhones({
    ...deps,
    losses: createLosses(deps),
    readNumber: createReadNumber(deps.phones),
  });
  const look = createDirectoryLook({ directory, phones, sessions, storage, now });
  return { ...phones, follow: ({ every }) => every(LOOK_EVERY, look) };
}

function createReadNumber(phones: Phones): ReadNumber {
  return (written, country) => {
    const parse = (text: string) =>
      phones.parse(text, { allowedCountries: "all", ...(country === undefined ? {} : { country }) });
    const parsed = parse(written);
    const other = parsed.kind === "refused" && BARE.test(written) ? parse(`+${written}`) : parsed;
    const best = other.kind === "number" ? other : parsed;
    return best.kind === "number" ? best : { kind: "refused", why: WHY_NOT[best.reason] };
  };
}
