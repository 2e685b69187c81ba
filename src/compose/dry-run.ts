/**
 * Other settings tried on what has happened: of each sign-in in the audit, what would have been asked. The rule that chooses
 * is the one that serves (`chooseAcr`); it is given what the request named, which the audit keeps since sign-ins tell it.
 * What was asked in a session that was strong enough leaves no sign-in, and is not looked at.
 */
import type { AuditEntry } from "../core/audit.ts";
import { satisfies } from "../core/gate.ts";
import type { Mechanism } from "../core/mechanism.ts";
import { mayStandIn, REMEMBERED_ACR } from "../core/remembered-settings.ts";
import type { SettingsDocument } from "../core/settings.ts";
import type { Phones } from "../kits/phone/phones.ts";
import type { Trial, Verdict } from "../surfaces/admin/api/explain.ts";
import { chooseAcr } from "../surfaces/oidc/choice.ts";
import type { OwnScripts } from "./own-scripts.ts";
import type { Parts } from "./parts.ts";
import { snapshotOf } from "./revisions.ts";

export function createTrial(
  {
    phones,
    authenticators,
    settings,
    config,
  }: Pick<Parts, "authenticators" | "settings" | "config"> & { readonly phones: Phones },
  partsOf: OwnScripts["partsOf"],
  document: SettingsDocument,
): Trial {
  const { mechanisms } = partsOf(document.scripts);
  const snapshot = snapshotOf(document, 0, mechanisms, phones, config.issuer);
  // What an acr was made of then is looked up among those of now: an acr's factors do not change, its being enabled does.
  const before = partsOf(settings.document().scripts).mechanisms;
  const texts = (one: Mechanism) => one.requires.includes("sms");
  const textful = new Map<string, Promise<boolean>>();
  const hasPhone = (subject: string) => {
    const known = textful.get(subject) ?? authenticators.list(subject, "sms").then((all) => all.length > 0);
    textful.set(subject, known);
    return known;
  };

  async function signedIn(event: AuditEntry): Promise<{ verdict: Verdict; assumed: boolean }> {
    const { facts = {}, subject = "" } = event;
    const was = String(facts.acr ?? "");
    const named = Array.isArray(facts.asked) ? facts.asked.map(String) : undefined;
    const assumed = named === undefined;
    const client = snapshot.clients.find(({ client_id }) => client_id === event.client);
    const refused = (why: string) => ({ verdict: { kind: "refused", was, why } as const, assumed });
    if (client === undefined) return refused("the client is not there any more");
    if (client.disabled) return refused("the client is disabled");
    const request = { wanted: named ?? [was], essential: facts.essential === true };
    const choice = chooseAcr(request, client, snapshot, mechanisms);
    if (choice.kind === "unmet") return refused("no acr that would do is enabled for the client");
    const { mechanism } = choice;
    const now = mechanism.acr;
    if (texts(mechanism) && document.sending.stopped) return refused("sending.stopped: no text goes out");
    if (was === REMEMBERED_ACR) {
      const asked = {
        acr: now,
        client: client.client_id,
        essential: choice.essential,
        allowed: client.allowed_acr_values,
      };
      const lets = mayStandIn(document.rememberedDevices, asked);
      const why = "a remembered device counts no more";
      return { verdict: lets ? undefined : { kind: "more", was, now, why }, assumed };
    }
    const old = before.find(({ acr }) => acr === was) ?? mechanisms.find(({ acr }) => acr === was);
    const amr = Array.isArray(facts.amr) ? facts.amr.map(String) : [];
    const had = old?.requires ?? (amr.includes("mfa") ? ["password", "sms"] : ["password"]);
    const more = mechanism.requires.filter((kind) => !had.includes(kind));
    const less = had.filter((kind) => !mechanism.requires.includes(kind));
    if (more.length === 0 && less.length === 0)
      return now === was
        ? { verdict: undefined, assumed }
        : { verdict: { kind: "other", was, now, why: "the same factors under another acr" }, assumed };
    if (more.length > 0 && less.length > 0)
      return {
        verdict: { kind: "other", was, now, why: `${more.join(", ")} in place of ${less.join(", ")}` },
        assumed,
      };
    if (more.length > 0) {
      const lacks = more.includes("sms") && !(await hasPhone(subject));
      const why = lacks
        ? document.enrolment === "password-once"
          ? "sms as well, and the person would have to add a phone first"
          : "sms as well, and the person has no phone and may add none by themselves"
        : `${more.join(", ")} as well`;
      const kind = lacks && document.enrolment !== "password-once" ? "refused" : "more";
      return { verdict: { kind, was, now, why }, assumed };
    }
    // Somebody who showed more than is asked was let in all the same: it is what would be asked that counts.
    const enough =
      old !== undefined && satisfies({ ...old, factors: old.requires, amr: [], authTime: 0 }, mechanism);
    return {
      verdict: { kind: "less", was, now, why: `without ${less.join(", ")}${enough ? "" : ", and weaker"}` },
      assumed,
    };
  }

  function bound({ facts = {} }: AuditEntry): Verdict {
    const authority = String(facts.authority ?? "");
    const refused = (why: string): Verdict => ({ kind: "refused", was: "enrolment", why });
    if (document.enrolment === "off") return refused("enrolment is off: nobody adds a phone");
    if (document.enrolment === "ticket" && authority === "password-once")
      return refused("a new phone needs a window or a ticket of an administrator");
    const country = String(facts.country ?? "");
    const { countries } = snapshot;
    if (countries !== "all" && country !== "" && !countries.includes(country))
      return refused(`a phone of ${country} may not be added`);
    return undefined;
  }

  return {
    judge: async (event) =>
      event.kind === "signed-in" ? signedIn(event) : { verdict: bound(event), assumed: false },
  };
}
