/**
 * What in the settings weakens an installation without being wrong, or stops it from doing its work: each with its names and
 * the way back. Pure; asked by `sallyport doctor`. Nothing of it changes a setting.
 */
import type { Finding } from "./finding.ts";
import { PhoneNumber } from "./secret.ts";
import { SCOPES, sendingSchema } from "./sending-settings.ts";
import { type Limits, limitsSchema, type SettingsDocument } from "./settings.ts";
import { isActive } from "./test-numbers.ts";
import type { EpochMs } from "./words.ts";

const SHIPPED: Limits = limitsSchema.parse({});
const SHIPPED_SENDING = sendingSchema.parse({});
/** Of all other limits more is looser. */
const LESS_IS_LOOSER: readonly string[] = ["codeDigits", "brakeQuiet", "resendAfter", "pauses"];
const SHOWN = 8;

const listed = (all: readonly string[]): string =>
  all.length > SHOWN ? `${all.slice(0, SHOWN).join(", ")} and ${all.length - SHOWN} more` : all.join(", ");

/** Everything that is dangerous in these settings at this moment; empty where nothing is. */
export const dangersOf = (document: SettingsDocument, now: EpochMs): readonly Finding[] => [
  ...stopped(document),
  ...testNumbers(document, now),
  ...pkce(document),
  ...passwordAlone(document),
  ...remembered(document),
  ...loosened(document),
  ...pumping(document),
];

const warning = (check: string, message: string, remedy: string): Finding => ({
  level: "warning",
  check,
  message,
  remedy,
});

function stopped({ sending }: SettingsDocument): readonly Finding[] {
  if (!sending.stopped) return [];
  return [
    {
      level: "error",
      check: "settings.stopped",
      message:
        "The emergency switch is on (sending.stopped): no text and no call goes out, so nobody gets a code.",
      remedy: "When what it was pulled for is over: sallyport sms go.",
    },
  ];
}

function testNumbers({ testNumbers: all }: SettingsDocument, now: EpochMs): readonly Finding[] {
  const armed = all.filter((one) => isActive(one, now));
  if (armed.length === 0) return [];
  const names = armed.map(
    ({ number, until, owner }) => `${new PhoneNumber(number)} until ${until} (${owner})`,
  );
  return [
    warning(
      "settings.test_numbers",
      `Test numbers are armed, whose code is always the same: ${listed(names)}.`,
      "Take them out of testNumbers as soon as nobody tests with them.",
    ),
  ];
}

function pkce({ clients }: SettingsDocument): readonly Finding[] {
  const waived = clients.filter((one) => one.pkce === "waived" && !one.disabled).map((one) => one.client_id);
  if (waived.length === 0) return [];
  return [
    warning(
      "settings.pkce",
      `PKCE is waived for ${listed(waived)}: a stolen authorization code is worth more there.`,
      "Let the application send code_challenge (S256), then remove pkce: waived.",
    ),
  ];
}

function passwordAlone({ scripts, clients, defaultAcr }: SettingsDocument): readonly Finding[] {
  const alone = scripts.find(({ name, enabled }) => enabled && name === "simple_password_auth");
  if (alone === undefined) return [];
  const open = clients.filter((one) => one.allowed_acr_values === undefined && !one.disabled);
  if (defaultAcr === alone.name)
    return [
      warning(
        "settings.password_alone",
        "The acr of every request that asks for none is simple_password_auth: a password alone signs people in.",
        "Make twilio_sms the default: sallyport acr default twilio_sms.",
      ),
    ];
  if (open.length === 0) return [];
  return [
    warning(
      "settings.password_alone",
      `simple_password_auth is enabled, so whoever writes the URL can ask for a password alone at ${listed(open.map((one) => one.client_id))}.`,
      "Name allowed_acr_values for those clients, or disable simple_password_auth.",
    ),
  ];
}

function remembered({ rememberedDevices: { ask, days, acrs } }: SettingsDocument): readonly Finding[] {
  if (ask === "every-login" || acrs.length === 0) return [];
  return [
    warning(
      "settings.remembered",
      `Devices may be remembered: for ${days} days a password is enough on them where ${listed(acrs)} is wished for.`,
      "Set rememberedDevices.ask to every-login, or name under exceptClients who always needs the code.",
    ),
  ];
}

/** A limit as its first number; lists are looser where their first element is. */
const measure = (value: number | readonly number[]): number =>
  typeof value === "number" ? value : (value[0] ?? 0);

function loosened({ limits, sending }: SettingsDocument): readonly Finding[] {
  const names = Object.keys(SHIPPED) as (keyof Limits)[];
  const loose = names.filter((name) => {
    const more = measure(limits[name]) - measure(SHIPPED[name]);
    return LESS_IS_LOOSER.includes(name) ? more < 0 : more > 0;
  });
  const budgets = (["owners", "strangers"] as const).flatMap((lane) =>
    SCOPES.flatMap((scope) => {
      const [is, was] = [sending[lane][scope], SHIPPED_SENDING[lane][scope]];
      return is.hour > was.hour || is.day > was.day ? [`${lane}.${scope} ${is.hour}/${is.day}`] : [];
    }),
  );
  return [
    ...(loose.length === 0
      ? []
      : [
          warning(
            "settings.limits",
            `Limits are looser than as shipped: ${listed(loose.map((name) => `${name} ${limits[name]} (${SHIPPED[name]})`))}.`,
            "Take out of limits what has no reason any more; docs/security.md says what each is worth.",
          ),
        ]),
    ...(budgets.length === 0
      ? []
      : [
          warning(
            "settings.sending",
            `More texts an hour and a day may go out than as shipped: ${listed(budgets)}.`,
            "Take out of sending what has no reason any more: it is what a flood or pumping comes to.",
          ),
        ]),
  ];
}

function pumping({ pumping: { mode }, countries, spend }: SettingsDocument): readonly Finding[] {
  return [
    ...(mode === "off"
      ? [
          warning(
            "settings.pumping",
            "The pumping guard is off: nobody looks at who lets texts be sent to strange numbers.",
            "Set pumping.mode to observe or protect.",
          ),
        ]
      : []),
    ...(countries === "all" && spend.dayHard === null && spend.monthHard === null
      ? [
          warning(
            "settings.countries",
            "Texts may go to every country, and no sum stops them.",
            "Name the countries you serve under countries, or set spend.dayHard.",
          ),
        ]
      : []),
  ];
}
