/**
 * What only the parts can say of the settings, asked before a change is taken: scripts of their gateways, acrs of the
 * scripts, countries of the phones, clients of each other. Answers faults, so that a bad change leaves the old settings.
 */
import { catalog } from "../catalog.ts";
import { ACCOUNT_CLIENT, CLI_CLIENT } from "../core/access.ts";
import { STAND_IN } from "../core/gate.ts";
import { REMEMBERED_ACR } from "../core/remembered-settings.ts";
import type {
  ClientSettings,
  Fault,
  GatewaySettings,
  Property,
  ScriptEntry,
  SettingsDocument,
} from "../core/settings.ts";
import type { Phones } from "../kits/phone/phones.ts";
import { gatewayOf, homeCountry, NO_HOME } from "./gateway.ts";
import { textFaults } from "./message-texts.ts";
import { builtInOf, propertiesOf } from "./scripts.ts";

/** Every fault of a document that its schema cannot know. `ofClient`: what the protocol engine has against one. */
export const createJudge =
  (phones: Phones, ofClient: (client: ClientSettings) => Fault | undefined = () => undefined) =>
  (document: SettingsDocument): readonly Fault[] => [
    ...document.scripts.flatMap((entry, index) => scriptFaults(entry, `scripts[${index}]`)),
    ...gatewayFaults(document.gateways),
    ...nameFaults(document.scripts),
    ...factorFaults(document.scripts),
    ...acrFaults(document),
    ...rememberedFaults(document),
    ...policyFaults(document),
    ...clientFaults(document),
    ...document.clients.flatMap((client, index) => {
      const fault = ofClient(client);
      return fault === undefined ? [] : [{ ...fault, path: `clients[${index}].${fault.path}` }];
    }),
    ...countryFaults(document, phones),
    ...textFaults(document),
  ];

/** What is wrong with one entry by itself. */
export function scriptFaults(entry: ScriptEntry, at: string): readonly Fault[] {
  const builtIn = builtInOf(entry.name);
  const unread =
    entry.enabled && entry.manifest === undefined && (builtIn === undefined || entry.source !== undefined)
      ? [{ path: `${at}.enabled`, message: `${entry.name} has no script that can run; give it one` }]
      : [];
  return [
    ...unread,
    ...twice(entry.configurationProperties, at),
    ...(builtIn === undefined ? [] : propertyFaults(entry, builtIn.gateway, at)),
  ];
}

/** Scripts among each other: each factor has one name and one script, and what is required is there. */
function factorFaults(scripts: readonly ScriptEntry[]): readonly Fault[] {
  const enabled = scripts.map((entry, index) => ({ ...entry, index })).filter(({ enabled }) => enabled);
  const own = enabled.flatMap(({ manifest }) => manifest?.factor?.kind ?? []);
  const taken: readonly string[] = [...catalog.factorKinds, ...RESERVED];
  const known: readonly string[] = [...catalog.factorKinds, ...own];
  return enabled.flatMap(({ index, name, manifest }) => {
    const at = `scripts[${index}].script`;
    const kind = manifest?.factor?.kind;
    const requires = manifest?.mechanism?.requires ?? [];
    const missing = requires.filter((one) => !known.includes(one));
    return [
      ...missing.map((one) => ({
        path: at,
        message: `${name} requires the factor ${one}, and no enabled script brings it; there are ${known.join(", ")}`,
      })),
      // Whoever signs in says first who they are.
      ...(requires.length > 0 && !requires.includes("password") && requires[0] !== "passkey"
        ? [
            {
              path: at,
              message: `${name} must require password, or passkey first, for nothing else says who signs in`,
            },
          ]
        : []),
      ...(kind === undefined || !taken.includes(kind)
        ? []
        : [{ path: at, message: `the factor's kind ${kind} is one of the server's own; choose another` }]),
      ...(kind !== undefined && own.filter((one) => one === kind).length > 1
        ? [{ path: at, message: `another enabled script brings the factor ${kind} as well` }]
        : []),
    ];
  });
}

/** Kinds that the server has or will have; a script under such a name would be taken for it. */
const RESERVED = ["otp", "hotp", "fido2", "mail", "device", STAND_IN];

const twice = (properties: readonly Property[], at: string): readonly Fault[] =>
  repeated(properties.map(({ value1 }) => value1)).map((name) => ({
    path: `${at}.configurationProperties`,
    message: `${name} stands there twice`,
  }));

function gatewayFaults(gateways: readonly GatewaySettings[]): readonly Fault[] {
  const names = ["twilio_sms", ...gateways.map(({ name }) => name)];
  return [
    ...repeated(names).map((name) => ({ path: "gateways", message: `the name ${name} stands there twice` })),
    ...gateways.flatMap((entry, index) => {
      const at = `gateways[${index}]`;
      const plugin = gatewayOf(entry.type);
      return plugin === undefined
        ? [{ path: `${at}.type`, message: `${entry.type} is no kind of gateway; twilio and webhook are` }]
        : [...twice(entry.configurationProperties, at), ...propertyFaults(entry, plugin, at)];
    }),
  ];
}

/** Each fault names its property. What is missing is a fault only where the script is enabled. */
function propertyFaults(
  { configurationProperties, enabled }: Pick<ScriptEntry, "configurationProperties" | "enabled">,
  gateway: ReturnType<typeof gatewayOf>,
  at: string,
): readonly Fault[] {
  if (gateway === undefined)
    return configurationProperties.map(({ value1 }) => ({
      path: `${at}.configurationProperties`,
      message: `${value1} is not a property of this script`,
    }));
  const parsed = gateway.schema.safeParse(propertiesOf(configurationProperties));
  const issues = parsed.success ? [] : parsed.error.issues;
  return issues
    .flatMap(({ path, message, ...issue }) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => ({
            name: key,
            message: "is not a property of this script; check the spelling",
          }))
        : [{ name: String(path[0] ?? ""), message }],
    )
    .filter(({ message }) => enabled || !/^is (missing|given without)/.test(message))
    .map(({ name, message }) => ({ path: `${at}.configurationProperties.${name}`, message }));
}

function nameFaults(scripts: readonly ScriptEntry[]): readonly Fault[] {
  const names = scripts.flatMap(({ name, aliases }) => [name, ...aliases]);
  return [
    ...names
      .filter((name) => name === REMEMBERED_ACR)
      .map((name) => ({
        path: "scripts",
        message: `${name} says that no factor was shown; choose another name`,
      })),
    ...repeated(names).map((name) => ({ path: "scripts", message: `the acr ${name} stands there twice` })),
    ...repeated(scripts.map(({ inum }) => inum)).map((inum) => ({
      path: "scripts",
      message: `the inum ${inum} stands there twice`,
    })),
  ];
}

function acrFaults({ scripts, defaultAcr }: SettingsDocument): readonly Fault[] {
  const entry = scripts.find(({ name }) => name === defaultAcr);
  const brings = entry?.manifest === undefined || entry.manifest.mechanism !== undefined;
  if (entry?.enabled === true && brings) return [];
  const problem =
    entry === undefined
      ? "is not among the scripts"
      : brings
        ? "is not enabled"
        : "is the script of a factor, and no acr";
  return [
    {
      path: "defaultAcr",
      message: `${defaultAcr} ${problem}; enable it, or name another default with the change`,
    },
  ];
}

/** What no enabled acr asks for, nobody could use; and a rule that has no effect is not what was meant. */
function policyFaults({ factorPolicy: { rules }, scripts }: SettingsDocument): readonly Fault[] {
  const usable = scripts
    .filter(({ enabled }) => enabled)
    .flatMap(
      ({ name, manifest }) =>
        manifest?.mechanism?.requires ?? builtInOf(name)?.script.mechanism.requires ?? [],
    );
  return rules.flatMap(({ must, prefer, least }, index) => {
    const at = `factorPolicy.rules[${index}]`;
    const named = [...must, ...(prefer === undefined ? [] : [prefer])];
    return [
      ...named
        .filter((kind) => !usable.includes(kind))
        .map((kind) => ({
          path: at,
          message: `${kind} is asked for by no enabled acr; enable one, or leave it out`,
        })),
      ...(named.length === 0 && least === 0
        ? [{ path: at, message: "demands nothing; give must, least or prefer, or take the rule out" }]
        : []),
    ];
  });
}

/** A name with a slip in it would forbid what it was meant to allow, and nobody would know why. */
const rememberedFaults = ({ rememberedDevices: { acrs }, scripts }: SettingsDocument): readonly Fault[] =>
  acrs
    .filter((acr) => !scripts.some(({ name }) => name === acr))
    .map((acr) => ({
      path: "rememberedDevices.acrs",
      message: `${acr} is none of the scripts; name one, or leave it out`,
    }));

const clientFaults = ({ clients }: SettingsDocument): readonly Fault[] => [
  ...repeated(clients.map(({ client_id }) => client_id)).map((id) => ({
    path: "clients",
    message: `client_id ${JSON.stringify(id)} stands there twice`,
  })),
  ...clients.flatMap(({ client_id }, index) =>
    client_id === CLI_CLIENT || client_id === ACCOUNT_CLIENT
      ? [
          {
            path: `clients[${index}].client_id`,
            message: `${client_id} is the server's own; choose another`,
          },
        ]
      : [],
  ),
];

function countryFaults({ countries, scripts }: SettingsDocument, phones: Phones): readonly Fault[] {
  if (countries === "all") return [];
  if (countries === "home")
    return homeCountry(scripts, phones) === undefined ? [{ path: "countries", message: NO_HOME }] : [];
  const known = new Set(phones.countries(countries, "en").map(({ code }) => code));
  return countries
    .filter((code) => !known.has(code))
    .map((code) => ({ path: "countries", message: `${code} is no country with a telephone numbering plan` }));
}

const repeated = (all: readonly string[]): readonly string[] => [
  ...new Set(all.filter((one, index) => all.indexOf(one) !== index)),
];
