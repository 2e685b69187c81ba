/** Phones of a person. An administrator sees two digits of a number and answers for a reason. */
import type { AuditKind } from "../../../core/audit.ts";
import type { Authenticator, PhoneData } from "../../../core/authenticators.ts";
import type { Directory, User } from "../../../core/directory.ts";
import { PhoneNumber } from "../../../core/secret.ts";
import type { Json, Subject } from "../../../core/words.ts";
import type { AllowedCountries, Phones } from "../../../kits/phone/phones.ts";
import * as contract from "../contract/phones.ts";
import { type Actor, type Handler, handle, notFound, refuse } from "./call.ts";
import { createHandsOn } from "./hands-on.ts";
import type { Rights } from "./rights.ts";
import { createTaking, type TakingDeps } from "./taking.ts";

export interface PhoneDeps extends TakingDeps {
  readonly directory: Directory;
  readonly rights: Rights;
  readonly phones: Phones;
  readonly countries: () => AllowedCountries;
  readonly phoneKey: (e164: string) => string;
}

const KIND = "sms";
const WHY_NOT = {
  invalid: "is no telephone number; write it in international form, such as +44 7400 123456",
  "not-mobile": "cannot receive texts",
  "country-not-allowed": "is of a country that the settings do not allow",
} as const;

export function phoneHandlers(deps: PhoneDeps): readonly Handler[] {
  const { authenticators, enrolment, notices, now } = deps;
  const take = createTaking(deps);

  const { whom, record: recordOf } = createHandsOn(deps);
  const record = (kind: AuditKind, actor: Actor, subject: Subject, facts: Record<string, Json>) =>
    recordOf(kind, actor, subject, { factor: KIND, ...facts });

  async function add(
    user: User,
    actor: Actor,
    body: { number: string; country?: string | undefined; reason: string },
  ) {
    const parsed = deps.phones.parse(body.number, {
      country: body.country,
      allowedCountries: deps.countries(),
    });
    if (parsed.kind === "refused") return refuse(400, "number", `number: ${WHY_NOT[parsed.reason]}`);
    // Codes go to one phone; a second one would be a phone that never rings.
    if ((await authenticators.list(user.id, KIND)).length > 0)
      return refuse(409, "number", `${user.username} has a phone; remove it first`);
    const number = parsed.number.reveal();
    const data: PhoneData = { number, country: parsed.country, verifiedAt: now() };
    await record("phone-added", actor, user.id, {
      phone: parsed.number.toString(),
      authority: "administrator",
      reason: body.reason,
    });
    const key = deps.phoneKey(number);
    const bound = await authenticators.bind({
      subject: user.id,
      kind: KIND,
      key,
      data,
      boundBy: "administrator",
    });
    await enrolment.closeAll(user.id, KIND);
    // Two administrators at once: the phone that was there first stays, the other one goes again.
    const [first] = await authenticators.list(user.id, KIND);
    if (first?.id === bound.id) {
      await notices.send(user.id, { kind: "phone-added", spare: { key, told: "never" } });
      return { body: viewOf(bound) };
    }
    await record("authenticator-unbound", actor, user.id, { phone: masked(bound), reason: "one phone" });
    await authenticators.unbind(bound.id, actor.label, "another phone was added at the same moment");
    return refuse(409, "number", `${user.username} has got another phone at this moment`);
  }

  async function remove(user: User, actor: Actor, id: string, reason: string) {
    const phone = (await authenticators.list(user.id, KIND)).find((one) => one.id === id);
    if (phone === undefined) return notFound("phone");
    await take(user, actor, phone, reason);
    return { body: undefined };
  }

  return [
    handle(contract.getPhones, async ({ params, actor }) => {
      const user = await whom(params.inum, actor);
      return "refused" in user ? user : { body: (await authenticators.list(user.id, KIND)).map(viewOf) };
    }),
    handle(contract.postPhone, async ({ params, body, actor }) => {
      const user = await whom(params.inum, actor, "add a phone");
      if ("refused" in user) return user;
      if (!body.verified)
        return refuse(
          400,
          "verified",
          "verified: must be true; a number that nobody has verified is bound by the person, after post-user-enrolment",
        );
      return add(user, actor, body);
    }),
    handle(
      contract.deletePhone,
      async ({ params, query, actor }) => {
        const user = await whom(params.inum, actor, "remove a phone");
        return "refused" in user ? user : remove(user, actor, params.id, query.reason);
      },
      async ({ params }) =>
        (await authenticators.list(params.inum, KIND)).some(({ id }) => id === params.id)
          ? undefined
          : notFound("phone"),
    ),
  ];
}

const masked = ({ data }: Authenticator): string => new PhoneNumber((data as PhoneData).number).toString();

function viewOf(phone: Authenticator) {
  const { country, verifiedAt } = phone.data as PhoneData;
  return {
    id: phone.id,
    number: masked(phone),
    country,
    verifiedAt: new Date(verifiedAt).toISOString(),
    boundAt: new Date(phone.boundAt).toISOString(),
    boundBy: phone.boundBy,
  };
}
