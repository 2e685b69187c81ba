/** Whether Twilio lets texts and calls go where the settings want them to. Used by check.ts; throws what the SDK throws. */
import type { Finding } from "../../../core/finding.ts";
import type { CheckDeps } from "./check-deps.ts";

type Countries = readonly string[] | "all";

/** Where no text arrives, whatever is enabled. */
const NEVER = ["IR", "SY", "CU"];
/** Those that Twilio enables in its console alone, by a person (error 30649 of its API). */
const BY_CONSOLE = ["BD", "IL", "NG", "PK", "PS", "LK", "AZ", "TJ", "OM", "TN", "DZ"];
const SHOWN = 12;

const listed = (codes: readonly string[]): string =>
  codes.length > SHOWN
    ? `${codes.slice(0, SHOWN).join(", ")} and ${codes.length - SHOWN} more`
    : codes.join(", ");

/** The looks there are: texts, and calls where this gateway can call. */
export function checkCountries({ client, config }: CheckDeps, countries: Countries) {
  return [
    {
      check: "twilio.countries",
      async act(): Promise<readonly Finding[]> {
        const { permissions } = await client.accounts.v1.messagingGeopermissions.fetch({});
        const all = (Array.isArray(permissions) ? permissions : []) as readonly {
          country_code?: unknown;
          enabled?: unknown;
        }[];
        const off = all.flatMap(({ country_code: code, enabled }) =>
          typeof code === "string" && /^[A-Z]{2}$/.test(code) && enabled === false ? [code] : [],
        );
        return [
          ...never(countries),
          ...verdict("twilio.countries", "texts", off, countries, "Messaging, Settings, Geo permissions"),
        ];
      },
    },
    ...(config.voiceNumber === undefined
      ? []
      : [
          {
            check: "twilio.dialing",
            async act(): Promise<readonly Finding[]> {
              const off = await client.voice.v1.dialingPermissions.countries.list({
                lowRiskNumbersEnabled: false,
                pageSize: 200,
                limit: 400,
              });
              const codes = off.map(({ isoCode }) => isoCode).filter((code) => /^[A-Z]{2}$/.test(code));
              return verdict("twilio.dialing", "calls", codes, countries, "Voice, Settings, Geo permissions");
            },
          },
        ]),
  ];
}

function verdict(
  check: string,
  what: "texts" | "calls",
  off: readonly string[],
  countries: Countries,
  where: string,
): readonly Finding[] {
  const wanted = countries === "all" ? off : countries.filter((code) => off.includes(code));
  if (wanted.length === 0)
    return [{ level: "ok", check, message: `Twilio lets ${what} go to every country that is allowed here.` }];
  const byHand = wanted.filter((code) => BY_CONSOLE.includes(code));
  const slow = byHand.length === 0 ? "" : ` ${listed(byHand)}: Twilio may ask why before it enables it.`;
  if (countries === "all")
    return [
      {
        level: "warning",
        check,
        message: `countries is all, and Twilio refuses ${what} to ${listed(wanted)}.`,
        remedy: `Name the countries you serve under countries, or enable those in the Twilio console (${where}).`,
      },
    ];
  return [
    {
      level: what === "texts" ? "error" : "warning",
      check,
      message: `Allowed here, and refused by Twilio (error ${what === "texts" ? "21408" : "21215"}): ${what} to ${listed(wanted)}.`,
      remedy: `Enable it in the Twilio console (${where}), or take it out of countries.${slow}`,
    },
  ];
}

function never(countries: Countries): readonly Finding[] {
  const wanted = countries === "all" ? [] : countries.filter((code) => NEVER.includes(code));
  if (wanted.length === 0) return [];
  return [
    {
      level: "error",
      check: "twilio.countries",
      message: `No text of Twilio's arrives in ${listed(wanted)}.`,
      remedy:
        "Take it out of countries, or let another gateway of your own bring those (gateways, type webhook).",
    },
  ];
}
