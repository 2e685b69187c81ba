/** What each operation does. An application alone looks, and binds a first phone where the settings say so; no more. */
import type { Authenticator, Authenticators, PhoneData } from "../../core/authenticators.ts";
import type { User } from "../../core/directory.ts";
import type { Changes, Changing } from "../../core/factor-changes.ts";
import { PhoneNumber } from "../../core/secret.ts";
import type { FactorKind } from "../../core/words.ts";
import { BUSY, GONE } from "./answers.ts";
import type { Caller, Callers, Refusal } from "./caller.ts";
import * as contract from "./contract.ts";
import { createEnrol, type EnrolDeps } from "./enrol.ts";
import { type Handler, handle } from "./operation.ts";

export interface HandlerDeps extends EnrolDeps {
  readonly callers: Callers;
  readonly authenticators: Authenticators;
  readonly changes: Changes;
}

const SMS = "sms";
const WORDS = {
  invalid: "INVALID_NUMBER",
  "not-mobile": "NOT_MOBILE",
  "country-not-allowed": "COUNTRY_NOT_ALLOWED",
} as const;

export function enrolmentHandlers(deps: HandlerDeps): readonly Handler[] {
  const { callers, transactions, authenticators, strength, changes } = deps;
  const { send, compare, personNeeded } = createEnrol(deps);

  async function withName(user: User, phone: Authenticator, nickName: string): Promise<Authenticator> {
    await changes.name(phone, nickName);
    return (await authenticators.list(user.id)).find(({ id }) => id === phone.id) ?? phone;
  }

  /** By the person's own token, or why not. */
  async function ownOf(
    caller: Caller,
    { userid, id }: { userid: string; id: string },
  ): Promise<{ readonly user: User; readonly one: Authenticator } | Refusal> {
    const user = await callers.whom(caller, userid);
    if ("refused" in user) return user;
    if (caller.shown === undefined)
      return personNeeded(await strength.strongest(user.id), "No application changes this alone");
    const one = (await authenticators.list(user.id)).find((known) => known.id === id);
    return one === undefined
      ? { refused: 404, code: "UNKNOWN_CREDENTIAL", message: "The person has no such credential" }
      : { user, one };
  }

  return [
    handle(contract.validateNumber, async ({ body: { number, country } }) => {
      const parsed = deps.phones.parse(number, { country, allowedCountries: deps.countries() });
      return parsed.kind === "refused"
        ? { body: { code: WORDS[parsed.reason] } }
        : { body: { code: "VALID" as const, number: parsed.number.toString(), country: parsed.country } };
    }),
    handle(contract.sendCode, async ({ body, caller }) => {
      const user = await callers.whom(caller, body.userid);
      return "refused" in user ? user : send(caller, user, body);
    }),
    handle(contract.validateCode, async ({ body, caller }) => {
      const user = await callers.whom(caller, body.userid);
      if ("refused" in user) return user;
      const compared = await compare(caller, user, body.key, body.code);
      if ("refused" in compared) return compared;
      return "phone" in compared
        ? { body: { code: "MATCH" as const } }
        : { body: { code: "NO_MATCH_OR_EXPIRED" as const, ...compared } };
    }),
    handle(contract.postCredential, async ({ params, body, caller }) => {
      const user = await callers.whom(caller, params.userid);
      if ("refused" in user) return user;
      if (body.code !== undefined) {
        const compared = await compare(caller, user, body.key, body.code);
        if ("refused" in compared) return compared;
        if (!("phone" in compared)) return GONE;
        await transactions.end(compared.one);
        return { body: viewOf(await withName(user, compared.phone, body.nickName)) };
      }
      const open = await transactions.find(caller, user.id, body.key);
      const phone = (await authenticators.list(user.id, SMS)).find(
        ({ id }) => id === open?.transaction.bound,
      );
      if (open === undefined || phone === undefined) return GONE;
      await transactions.end(open.transaction);
      return { body: viewOf(await withName(user, phone, body.nickName)) };
    }),
    handle(contract.getCredentials, async ({ params, caller }) => {
      const user = await callers.whom(caller, params.userid);
      if ("refused" in user) return user;
      return { body: (await authenticators.list(user.id)).map(viewOf) };
    }),
    handle(contract.patchCredential, async ({ params, body, caller }) => {
      const found = await ownOf(caller, params);
      if ("refused" in found) return found;
      if (!(await changes.name(found.one, body.nickName))) return BUSY;
      return { body: viewOf(await withName(found.user, found.one, body.nickName)) };
    }),
    handle(contract.deleteCredential, async ({ params, caller }) => {
      const found = await ownOf(caller, params);
      if ("refused" in found) return found;
      const { user, one } = found;
      const { shown } = caller;
      if (shown === undefined) return BUSY;
      const sure = await strength.sure(shown, one.kind);
      if (sure.kind === "ask") return personNeeded(sure.acrs, "The person has to show a factor anew");
      if (sure.kind !== "sure")
        return {
          refused: 403,
          code: "FAILURE",
          cause: sure.kind === "wait" ? "NEW_NUMBER" : "NOT_ALLOWED",
          message: "Nothing that the person can show now is enough for this",
        };
      const changing: Changing = {
        here: { subject: user.id, user },
        address: caller.address,
        locale: deps.localeFor([String(user.claims.locale ?? "en")]),
        client: caller.client,
      };
      const removed = await changes.remove(changing, one.id);
      if (removed === "removed") return { body: undefined };
      if (removed === "last")
        return {
          refused: 409,
          code: "FAILURE",
          cause: "LAST",
          message: "It is the last one, and one is needed",
        };
      return removed === "busy" ? BUSY : GONE;
    }),
    handle(contract.getUserInfo, async ({ params, caller }) => {
      const user = await callers.whom(caller, params.userid);
      if ("refused" in user) return user;
      const all = await authenticators.list(user.id);
      const methods = [...new Set(all.map(({ kind }) => typeOf(kind)))];
      const on = methods.some((one) => one !== typeOf("recovery-code"));
      return {
        body: { code: "SUCCESS" as const, turned_on: on, enrolled_methods: methods, total_creds: all.length },
      };
    }),
  ];
}

/** The kind by the acr that it is asked for by, as the original names methods. */
const typeOf = (kind: FactorKind): string =>
  ({ sms: "twilio_sms", totp: "otp", passkey: "fido2", "recovery-code": "recovery_code" })[kind] ?? kind;

/** Field by field: what is not named here, secrets first of all, never leaves. */
function viewOf({ id, kind, data, boundAt }: Authenticator) {
  const { nickname, label } = (data ?? {}) as { nickname?: unknown; label?: unknown };
  const nickName = [nickname, label].find((one): one is string => typeof one === "string") ?? "";
  const phone = kind === SMS ? { number: new PhoneNumber((data as PhoneData).number).toString() } : {};
  return { id, type: typeOf(kind), ...phone, nickName, addedOn: boundAt };
}
