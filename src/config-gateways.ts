/** What `sallyport.yaml` says of gateways, and how it names a secret. Used by config.ts alone; reads nothing itself. */
import { z } from "zod";
import { Secret } from "./core/secret.ts";
import { type GatewaySettings, gatewaySchema } from "./core/settings.ts";
import { NOTHING, secret } from "./core/written-secret.ts";

/** Properties of the first gateway; which of them are given and suit each other, the gateway itself judges. */
export const twilioFields = {
  twilio_sid: z.string().optional(),
  twilio_token: secret.optional(),
  twilio_token_secondary: secret.optional(),
  from_number: z.string().optional(),
  voice_number: z.string().optional(),
  content_retention: z.string().optional(),
  address_retention: z.string().optional(),
  risk_check: z.string().optional(),
  messaging_service_sid: z.string().optional(),
  api_key_sid: z.string().optional(),
  api_key_secret: secret.optional(),
  region: z.string().optional(),
  edge: z.string().optional(),
  api_base: z.string().optional(),
};

export const TWILIO = Object.keys(twilioFields) as (keyof typeof twilioFields)[];

/** Properties of any gateway that must not be read by others. */
export const SECRET_PROPERTIES: readonly string[] = [
  "twilio_token",
  "twilio_token_secondary",
  "api_key_secret",
  "secret",
];

/** A gateway that stands by: as in the settings, its properties by their names. */
export const gatewayInFile = gatewaySchema
  .omit({ configurationProperties: true })
  .extend({ properties: z.record(z.string(), secret).default({}) });

/** A gateway as the file describes it. */
export type FileGateway = Omit<GatewaySettings, "configurationProperties"> & {
  readonly properties: Readonly<Record<string, Secret>>;
};

/** The gateway with its secrets read; `reveal` says a fault where one cannot be had. */
export function furtherOf(
  { properties, ...gateway }: z.infer<typeof gatewayInFile>,
  at: string,
  reveal: (value: z.infer<typeof secret>, name: string) => Secret | undefined,
): FileGateway {
  const read = Object.entries(properties).map(([name, value]) => [
    name,
    reveal(value, `${at}.properties.${name}`) ?? new Secret(NOTHING),
  ]);
  return { ...gateway, properties: Object.fromEntries(read) as Record<string, Secret> };
}
