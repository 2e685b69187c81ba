/**
 * Boot configuration: `sallyport.yaml`, read once, checked whole, frozen. Every fault is reported at once, each in one
 * sentence that says what is wrong, where, and what to do. What may change while the server runs is in core/settings.ts.
 */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { country, inYaml, issuer, listen, settingOf } from "./config-faults.ts";
import {
  type FileGateway,
  furtherOf,
  gatewayInFile,
  SECRET_PROPERTIES,
  TWILIO,
  twilioFields,
} from "./config-gateways.ts";
import { type DirectoryEntry, directoryEntries, readEntries } from "./core/directory-entries.ts";
import { Breakage } from "./core/errors.ts";
import { factorPolicySchema } from "./core/factor-policy-settings.ts";
import { messageTextsSchema } from "./core/message-texts.ts";
import { passwordsSchema } from "./core/password-settings.ts";
import { portalSchema } from "./core/portal-settings.ts";
import { parsePrices } from "./core/price-table.ts";
import { pumpingSchema } from "./core/pumping-settings.ts";
import { rememberedSchema } from "./core/remembered-settings.ts";
import { Secret } from "./core/secret.ts";
import { sendingSchema } from "./core/sending-settings.ts";
import { clientSchema, limitsSchema, settingsSchema } from "./core/settings.ts";
import { faultsOf } from "./core/settings-revisions.ts";
import { type Price, spendSchema } from "./core/spend.ts";
import { type TestNumber, testNumbersSchema } from "./core/test-numbers.ts";
import { secret, secretReader } from "./core/written-secret.ts";
import { type SmtpConfig, smtpOf, smtpSchema } from "./kits/mail/smtp.ts";
import { type MetricsListen, metricsOf, metricsSchema } from "./kits/web/metrics-listen.ts";
import { readYaml } from "./kits/yaml/read.ts";

/** The acrs that can be enabled. */
const ACRS: readonly string[] = ["simple_password_auth", "twilio_sms", "otp", "fido2", "recovery_code"];

const fileSchema = z.strictObject({
  issuer,
  listen: listen.default("127.0.0.1:8080"),
  tls: z.strictObject({ cert: z.string(), key: z.string() }).optional(),
  trusted_proxies: z.array(z.string()).default([]),
  drain_seconds: z.int().min(0).max(300).default(0),
  data: z.string().default("data"),
  store: z
    .union(
      [
        z.strictObject({ type: z.literal("sqlite"), file: z.string().optional() }),
        z.strictObject({
          type: z.literal("postgres"),
          url: secret,
          pool: z.int().min(2).max(100).default(10),
        }),
      ],
      "must be { type: sqlite, file: PATH } or { type: postgres, url: URL }",
    )
    .default({ type: "sqlite" }),
  master_key: secret.optional(),
  pages: z.string().optional(),
  breached_passwords: z.string().optional(),
  ...twilioFields,
  directories: directoryEntries(secret),
  gateways: z.array(gatewayInFile).max(5).optional(),
  test_numbers: testNumbersSchema.optional(),
  address_countries: z.string().optional(),
  sms_prices: z.string().optional(),
  smtp: smtpSchema.extend({ password: secret.optional() }).optional(),
  metrics: metricsSchema.extend({ token: secret.optional() }).optional(),
  brand: z.string().min(1).max(60).default("Sallyport"),
  acrs: z
    .strictObject({
      enabled: z.array(z.string()).min(1).default(["twilio_sms"]),
      default: z.string().default("twilio_sms"),
    })
    .prefault({}),
  enrolment: z.enum(["password-once", "ticket", "off"]).default("password-once"),
  countries: z
    .union([z.literal("all"), z.array(country)], "must be all or a list such as [DE, AT]")
    .default([]),
  limits: limitsSchema.prefault({}),
  sending: sendingSchema.prefault({}),
  pumping: pumpingSchema.prefault({}),
  spend: spendSchema.prefault({}),
  portal: portalSchema.prefault({}),
  passwords: passwordsSchema.prefault({}),
  remembered_devices: rememberedSchema.prefault({}),
  factor_policy: factorPolicySchema.prefault({}),
  texts: messageTextsSchema.default({}),
  clients: z.array(z.looseObject({ client_secret: secret.optional() })).default([]),
});

type FileSettings = z.infer<typeof settingsSchema>;

export interface BootConfig {
  readonly issuer: URL;
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly trustedProxies: readonly string[];
  /** Seconds between "not ready" and the end of new connections. */
  readonly drainSeconds?: number | undefined;
  readonly data: string;
  readonly store:
    | { readonly type: "sqlite"; readonly file: string }
    | { readonly type: "postgres"; readonly url: Secret; readonly pool: number };
  /** Given: used as it is. Not given: a file in the data folder, made on first start. */
  readonly masterKey: Secret | undefined;
  readonly pages: string | undefined;
  readonly breachedPasswords: string | undefined;
  /** Where people are kept, in order, secrets read; without it, in the store. */
  readonly directories?: readonly DirectoryEntry[] | undefined;
  /** A file of lines `CIDR,COUNTRY`. */
  readonly addressCountries?: string | undefined;
  /** What a segment and a call cost by the beginning of the number, from a file of lines `PREFIX,SMS,CALL`. */
  readonly smsPrices?: Readonly<Record<string, Price>> | undefined;
  /** The mail server for notices; without one they go to phones alone. */
  readonly smtp?: SmtpConfig | undefined;
  /** Where figures are read; without it there are none. */
  readonly metrics?: MetricsListen | undefined;
  /** Properties of the `twilio_sms` gateway by their names; secrets wrapped. */
  readonly twilio: Readonly<Record<string, string | Secret>> | undefined;
  /** Gateways that stand by behind it. Not given, as with the test numbers: the settings have them as they are. */
  readonly gateways?: readonly FileGateway[] | undefined;
  readonly testNumbers?: readonly TestNumber[] | undefined;
  /** What the file says of settings; taken in at the start (compose/seed.ts). */
  readonly settings: Omit<FileSettings, "countries"> & {
    readonly countries: FileSettings["countries"] | "home";
  };
  /** Secrets of the settings that this command could do without and that cannot be read; nothing may be written of such a file. */
  readonly absent?: readonly string[] | undefined;
  readonly mode: "demo" | "serve";
  /** Sentences for the operator about what weakens this installation without being wrong. */
  readonly warnings: readonly string[];
}

/**
 * Reads and checks a file for `serve`. Throws Breakage `configuration-invalid` with every fault, a line each.
 * `more` looks at what only the parts themselves can judge; it is asked even when there are faults already. `needs`: whether
 * a secret of this name has to be there; another that cannot be read goes to `absent`.
 */
export function readConfig(
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
  more: (config: BootConfig) => readonly string[] = () => [],
  needs: (secret: string) => boolean = () => true,
): BootConfig {
  const text = textOfFile(file);
  const read = readYaml(text);
  if (read.kind === "faulty")
    throw new Breakage("configuration-invalid", `${file} is not YAML: ${read.fault}`);
  const raw = read.value ?? {};
  const parsed = fileSchema.safeParse(raw);
  const faults = parsed.success ? [] : sentences(parsed.error);
  const absent: string[] = [];
  const base = dirname(resolve(file));
  const reveal = secretReader(base, environment, (fault, name) =>
    (needs(name) ? faults : absent).push(fault),
  );
  const sound = parsed.success
    ? { config: parsed.data, left: new Set<string>() }
    : soundPart(raw, parsed.error);
  if (sound === undefined) throw invalid(file, faults);
  const { config, left } = sound;
  const clients = config.clients.map((client, index) => {
    const client_secret = reveal(client.client_secret, `clients[${index}].client_secret`)?.reveal();
    const checked = clientSchema.safeParse({
      ...client,
      ...(client_secret === undefined ? {} : { client_secret }),
    });
    if (!checked.success) faults.push(...sentences(checked.error, `clients[${index}]`));
    return checked.success ? checked.data : undefined;
  });
  const ids = config.clients.map((client) => client.client_id);
  for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index)))
    faults.push(`clients: client_id ${JSON.stringify(id)} stands there twice`);
  if (
    config.tls === undefined &&
    config.trusted_proxies.length === 0 &&
    !left.has("tls") &&
    !left.has("trusted_proxies")
  )
    faults.push(
      "tls: is missing; give tls.cert and tls.key, or name the TLS proxy in front under trusted_proxies",
    );
  for (const acr of config.acrs.enabled.filter((one) => !ACRS.includes(one)))
    faults.push(`acrs.enabled: ${JSON.stringify(acr)} is not offered; choose among ${ACRS.join(", ")}`);
  if (!config.acrs.enabled.includes(config.acrs.default))
    faults.push(`acrs.default: ${config.acrs.default} is not among acrs.enabled`);
  const masterKey = reveal(config.master_key, "master_key") ?? envSecret(environment.SALLYPORT_MASTER_KEY);
  if (
    masterKey !== undefined &&
    Buffer.from(masterKey.reveal(), "base64").length !== 32 &&
    !faults.some((fault) => fault.startsWith("master_key:"))
  )
    faults.push("master_key: must be 32 random bytes in base64 (openssl rand -base64 32)");
  if (config.store.type === "postgres" && masterKey === undefined && !left.has("master_key"))
    faults.push(
      "master_key: is missing; nodes that share a PostgreSQL store share a key too: openssl rand -base64 32 > master.key, then master_key: { file: master.key }",
    );
  const data = resolve(base, config.data);
  const store =
    config.store.type === "sqlite"
      ? ({ type: "sqlite", file: resolve(base, config.store.file ?? `${config.data}/sallyport.db`) } as const)
      : ({
          type: "postgres",
          url: reveal(config.store.url, "store.url") ?? new Secret(""),
          pool: config.store.pool,
        } as const);
  const twilio: Record<string, string | Secret> = {};
  for (const name of TWILIO) {
    const value = config[name];
    const given = typeof value === "object" || SECRET_PROPERTIES.includes(name) ? reveal(value, name) : value;
    if (given !== undefined) twilio[name] = given;
  }
  const gateways = config.gateways?.map((gateway, index) => furtherOf(gateway, `gateways[${index}]`, reveal));
  const smsWanted = config.acrs.enabled.includes("twilio_sms");
  if (smsWanted && Object.keys(twilio).length === 0 && !TWILIO.some((name) => left.has(name)))
    faults.push(
      "twilio_sid, twilio_token, from_number: are missing; twilio_sms needs them (or leave twilio_sms out of acrs.enabled)",
    );

  const countries =
    config.countries === "all" || config.countries.length > 0 ? config.countries : ("home" as const);
  /** The text of a file that the configuration names. */
  const textOf = (name: "sms_prices" | "address_countries", read: (path: string) => string): string => {
    const path = config[name];
    try {
      return path === undefined ? "" : read(resolve(base, path));
    } catch (problem) {
      faults.push(`${name}: the file ${path} cannot be read (${codeOf(problem)})`);
      return "";
    }
  };
  const priced = parsePrices(textOf("sms_prices", (path) => readFileSync(path, "utf8")));
  faults.push(...priced.faults.map((fault) => `sms_prices: ${fault}`));
  // Read later and in one go: it may be large.
  const addressCountries = textOf("address_countries", (path) => realpathSync(path)) || undefined;
  const smtp =
    config.smtp &&
    smtpOf(config.smtp, reveal(config.smtp.password, "smtp.password"), (fault) => faults.push(fault));
  const metrics =
    config.metrics &&
    metricsOf(config.metrics, reveal(config.metrics.token, "metrics.token"), (fault) => faults.push(fault));
  const settings = settingsSchema.safeParse({
    brand: config.brand,
    acrs: config.acrs,
    clients: clients.filter((client) => client !== undefined),
    enrolment: config.enrolment,
    countries: countries === "home" ? "all" : countries,
    limits: config.limits,
    sending: config.sending,
    pumping: config.pumping,
    spend: config.spend,
    portal: config.portal,
    passwords: config.passwords,
    rememberedDevices: config.remembered_devices,
    factorPolicy: config.factor_policy,
    texts: config.texts,
  });
  if (!settings.success) throw invalid(file, [...faults, ...sentences(settings.error)]);
  const [, host = "127.0.0.1", port = "8080"] = /^(.*):(\d+)$/.exec(config.listen) ?? [];
  const boot: BootConfig = {
    mode: "serve",
    absent: absent.filter(ofSettings).map((fault) => `${file}: ${fault}`),
    warnings: warningsOf(file, config),
    issuer: new URL(config.issuer),
    listen: { host: host.replace(/^\[|\]$/g, ""), port: Number(port) },
    tls:
      config.tls === undefined
        ? undefined
        : { cert: resolve(base, config.tls.cert), key: resolve(base, config.tls.key) },
    trustedProxies: config.trusted_proxies,
    drainSeconds: config.drain_seconds,
    data,
    store,
    masterKey,
    pages: config.pages === undefined ? undefined : resolve(base, config.pages),
    breachedPasswords:
      config.breached_passwords === undefined ? undefined : resolve(base, config.breached_passwords),
    smtp,
    metrics,
    ...readEntries(config.directories, reveal, (path) => resolve(base, path)),
    addressCountries,
    smsPrices: priced.prices,
    twilio: smsWanted ? twilio : undefined,
    gateways,
    testNumbers: config.test_numbers,
    settings: { ...settings.data, countries },
  };
  // What was left out for its own fault is no news where it is missed.
  faults.push(...more(boot).filter((fault) => !left.has(settingOf(fault))));
  if (faults.length > 0) throw invalid(file, faults);
  return Object.freeze(boot);
}

/** What weakens an installation without being wrong. */
function warningsOf(file: string, config: z.infer<typeof fileSchema>): readonly string[] {
  const secrets = [
    config.twilio_token,
    config.twilio_token_secondary,
    config.api_key_secret,
    config.smtp?.password,
    config.metrics?.token,
    config.master_key,
    ...(config.directories ?? []).map((entry) => entry.bind_password),
    ...config.clients.map((client) => client.client_secret),
    ...(config.gateways ?? []).flatMap(({ properties }) => SECRET_PROPERTIES.map((name) => properties[name])),
  ];
  const written = secrets.some((value) => typeof value === "string");
  const open = config.acrs.enabled.includes("simple_password_auth")
    ? config.clients.filter((client) => client.allowed_acr_values === undefined && signsIn(client))
    : [];
  return [
    ...(config.passwords.forgotten && config.smtp === undefined
      ? ["passwords.forgotten is on and there is no mail server: nobody is offered it until smtp names one"]
      : []),
    ...(written && (statSync(file).mode & 0o077) !== 0
      ? [`${file} holds secrets and other users of this host can read it: chmod 600 ${file}`]
      : []),
    ...(open.length > 0
      ? [
          `simple_password_auth is enabled, so whoever writes the URL can ask for a password alone; name allowed_acr_values for: ${open.map((client) => String(client.client_id)).join(", ")}`,
        ]
      : []),
  ];
}

/** Whether anybody signs in to it: a client for a program alone asks for no acr. */
const signsIn = ({ grant_types: grants }: Readonly<Record<string, unknown>>): boolean =>
  !Array.isArray(grants) || grants.some((grant) => grant !== "client_credentials");

/** The file without what is wrong in it, so that the rest can be checked as well; `left`: the settings left out. */
function soundPart(
  raw: unknown,
  error: z.ZodError,
): { config: z.infer<typeof fileSchema>; left: Set<string> } | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const left = new Set<string>();
  for (const issue of error.issues)
    for (const key of issue.code === "unrecognized_keys" && issue.path.length === 0
      ? issue.keys
      : [issue.path[0]])
      left.add(String(key));
  const rest = Object.fromEntries(Object.entries(raw).filter(([key]) => !left.has(key)));
  const parsed = fileSchema.safeParse(
    left.has("issuer") ? { ...rest, issuer: "https://issuer.invalid" } : rest,
  );
  return parsed.success ? { config: parsed.data, left } : undefined;
}

export const invalid = (where: string, faults: readonly string[]): Breakage =>
  new Breakage("configuration-invalid", faults.map((fault) => `${where}: ${fault}`).join("\n"));

/** zod's issues as sentences, each beginning with the name of what is wrong. */
export function sentences(error: z.ZodError, prefix = ""): string[] {
  return faultsOf(error).map(({ path, message }) => {
    const inside = prefix === "" || path === "" || path.startsWith("[") ? path : `.${path}`;
    return `${`${prefix}${inside}` || "the file"}: ${inYaml(message)}`;
  });
}

function textOfFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (problem) {
    throw new Breakage(
      "configuration-invalid",
      `${file} cannot be read (${codeOf(problem)}); give the path with --config`,
    );
  }
}

/** Whether a secret goes into the settings; the others stay in the file. */
const ofSettings = (name: string): boolean => !/^(smtp|metrics|directories)\b/.test(name);
const envSecret = (value: string | undefined): Secret | undefined =>
  value === undefined || value === "" ? undefined : new Secret(value);
const codeOf = (problem: unknown): string => (problem as { code?: string }).code ?? "unreadable";
