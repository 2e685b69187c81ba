/** The language and the time zone of a person, as their claims say them (OIDC Core §5.1). */
import type { Frame } from "./frame.ts";
import type { PortalDeps } from "./portal.ts";

const URL = "/account/preferences";

export function mountPreferences(frame: Frame, deps: PortalDeps): void {
  const { directory, audit, now } = deps;
  const zones = Intl.supportedValuesOf("timeZone");

  frame.look(URL, async (asked) => {
    const { locale, zoneinfo } = asked.here.user.claims;
    return frame.show(asked, "account-preferences", {
      language: typeof locale === "string" ? deps.localeFor([locale]) : "",
      languages: deps.locales().map((tag) => ({
        tag,
        name: new Intl.DisplayNames(tag, { type: "language" }).of(tag) ?? tag,
      })),
      zone: typeof zoneinfo === "string" ? zoneinfo : "",
      zones: [...zones],
    });
  });
  frame.take(URL, async (asked) => {
    const { here, form, address } = asked;
    const { write } = directory;
    if (write === undefined) return frame.told(asked, "read-only");
    const { locale: _locale, zoneinfo: _zone, ...claims } = here.user.claims;
    const next = {
      ...claims,
      ...(deps.locales().includes(form.language ?? "") ? { locale: form.language } : {}),
      ...(zones.includes(form.zone ?? "") ? { zoneinfo: form.zone } : {}),
    };
    const { subject } = here;
    const facts = { changed: ["locale", "zoneinfo"], by: subject };
    await audit.append({ kind: "user-changed", at: now(), subject, address, facts });
    const done = await write.setClaims(subject, next, here.user.version);
    return frame.goOn(
      asked,
      URL,
      done.kind === "done" ? "account.done.preferences" : "account.failed.meanwhile",
    );
  });
}
