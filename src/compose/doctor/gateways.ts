/** The gateways, each asked for everything a code needs on its way; and the status callback, where a server runs. */
import type { Finding } from "../../core/finding.ts";
import { createReportUrls } from "../../core/report-url.ts";
import type { SettingsDocument } from "../../core/settings.ts";
import type { Phones } from "../../kits/phone/phones.ts";
import { createGateways, homeCountry } from "../gateway.ts";
import type { Looked } from "./looked.ts";

const URL_LIFE = 300_000;

/** Where texts may go by these settings. */
export function countriesOf(
  { countries, scripts }: Pick<SettingsDocument, "countries" | "scripts">,
  phones: Phones,
): readonly string[] | "all" {
  if (countries !== "home") return countries;
  const home = homeCountry(scripts, phones);
  return home === undefined ? [] : [home];
}

export async function gatewayFindings(at: Looked): Promise<readonly Finding[]> {
  const { document, phones, parts, config, up, now } = at;
  const entries = await createGateways(() => document, undefined)();
  const urls =
    parts === undefined || !up ? undefined : createReportUrls(config.issuer, parts.keyring, Date.now);
  const found = await Promise.all(
    entries.map(async ({ name, gateway }) => {
      // Of a challenge that nobody has: what is told of it is taken and changes nothing.
      const about = { challenge: "doctor", send: 0, number: 0, gateway: name };
      const report = gateway.readReport === undefined ? undefined : urls?.of(about, now + URL_LIFE);
      const findings = await gateway.check({ countries: countriesOf(document, phones), report });
      const skipped: Finding = {
        level: "skipped",
        check: "twilio.callback",
        message: "Status callbacks were not tried: that needs a running server.",
        remedy: "Run doctor again while the server runs.",
      };
      const all =
        gateway.readReport !== undefined && report === undefined ? [...findings, skipped] : findings;
      return all.map((finding) => ({
        ...finding,
        check: finding.check ?? "gateway",
        message: entries.length > 1 ? `${name}: ${finding.message}` : finding.message,
      }));
    }),
  );
  return found.flat();
}
