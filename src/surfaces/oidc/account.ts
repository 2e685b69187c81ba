/** Claims about a person (OIDC Core §5): from the directory, and the phone from what was verified here. */
import type { Account, FindAccount } from "oidc-provider";
import type { Authenticators, PhoneData } from "../../core/authenticators.ts";
import type { Directory, User } from "../../core/directory.ts";
import { preferred } from "../../core/undo.ts";

/** Scope → claims. `acr`, `amr` and `auth_time` stand under `openid`, so that every ID token carries them. */
export const claimsByScope = {
  openid: ["sub", "acr", "amr", "auth_time"],
  profile: [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
  ],
  email: ["email", "email_verified"],
  phone: ["phone_number", "phone_number_verified"],
  address: ["address"],
  user_name: ["user_name"],
};

/** A person who is disabled or gone is no account: the engine then refuses tokens, refresh and userinfo. */
export function createFindAccount(
  directory: Pick<Directory, "get">,
  authenticators: Authenticators,
): FindAccount {
  return async (_ctx, sub): Promise<(Account & { readonly administers: boolean }) | undefined> => {
    const user = await directory.get(sub);
    if (user === undefined || user.status !== "active") return undefined;
    return {
      accountId: sub,
      administers: user.roles.length > 0,
      claims: async (_use, scope) => ({
        ...personal(user),
        ...(scope.split(" ").includes("phone") ? await phone(sub) : {}),
        sub,
      }),
    };
  };

  async function phone(subject: string): Promise<Record<string, unknown>> {
    const bound = preferred(await authenticators.list(subject, "sms"));
    const number = (bound?.data as PhoneData | undefined)?.number;
    // What the directory says of a phone is not repeated as verified: only a number bound here is.
    return number === undefined ? {} : { phone_number: number, phone_number_verified: true };
  }
}

function personal(user: User): Record<string, unknown> {
  const { phone_number: _number, phone_number_verified: _verified, address, ...claims } = user.claims;
  return {
    ...claims,
    preferred_username: user.username,
    user_name: user.username,
    updated_at: Math.floor(user.updatedAt / 1000),
    ...(typeof address === "string" ? { address: { formatted: address } } : {}),
  };
}
