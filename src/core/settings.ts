/**
 * Settings: what an administrator may change while the server runs, as one revision. (Where the server listens and
 * keeps its data is boot configuration, see config.ts.) Everything that serves a login reads the revision it began on.
 */
import { z } from "zod";
import { redirectUriProblem } from "./client-uri.ts";

/** What a person or the server is sent to for a client, never in the clear. */
const url = z.url({ protocol: /^https$/ });

/** One relying party. Names follow OpenID Connect Dynamic Client Registration 1.0 §2. */
export const clientSchema = z
  .strictObject({
    client_id: z.string().regex(/^[\x21-\x7e]{1,128}$/, "1 to 128 visible ASCII characters, no spaces"),
    client_secret: z.string().min(16, "at least 16 characters").optional(),
    client_name: z.string().min(1).max(200).optional(),
    application_type: z.enum(["web", "native"]).default("web"),
    redirect_uris: z.array(z.string()).min(1, "at least one redirect URI"),
    post_logout_redirect_uris: z.array(z.string()).default([]),
    token_endpoint_auth_method: z
      .enum(["client_secret_basic", "client_secret_post", "private_key_jwt", "none"])
      .optional(),
    jwks: z.looseObject({ keys: z.array(z.looseObject({})) }).optional(),
    jwks_uri: url.optional(),
    grant_types: z.array(z.enum(["authorization_code", "refresh_token", "client_credentials"])).optional(),
    scope: z.string().optional(),
    id_token_signed_response_alg: z.enum(["RS256", "ES256"]).default("RS256"),
    default_acr_values: z.array(z.string()).default([]),
    /** Given: a sign-in to this client reaches one of these, whatever its requests ask for. */
    allowed_acr_values: z.array(z.string()).min(1).optional(),
    require_pushed_authorization_requests: z.boolean().default(false),
    policy_uri: url.optional(),
    tos_uri: url.optional(),
    /** `waived`: a confidential client may leave PKCE out and must then send a nonce. */
    pkce: z.enum(["required", "waived"]).default("required"),
    /** Skips the consent page. */
    trusted: z.boolean().default(false),
  })
  .superRefine((client, context) => {
    for (const name of ["redirect_uris", "post_logout_redirect_uris"] as const)
      for (const [index, uri] of client[name].entries()) {
        const problem = redirectUriProblem(uri, client.application_type);
        if (problem !== undefined)
          context.addIssue({ code: "custom", path: [name, index], message: problem });
      }
    const method =
      client.token_endpoint_auth_method ??
      (client.client_secret === undefined ? "none" : "client_secret_basic");
    if (method.startsWith("client_secret") && client.client_secret === undefined)
      context.addIssue({
        code: "custom",
        path: ["client_secret"],
        message: `is missing; ${method} needs it`,
      });
    if (method === "none" && client.pkce === "waived")
      context.addIssue({
        code: "custom",
        path: ["pkce"],
        message: "cannot be waived for a public client; give it a client_secret or remove the line",
      });
    if (method === "none" && client.client_secret !== undefined)
      context.addIssue({
        code: "custom",
        path: ["client_secret"],
        message: "is given although token_endpoint_auth_method is none; remove one of the two",
      });
  });
export type ClientSettings = z.infer<typeof clientSchema>;

/** Bounds that no configuration may loosen: NIST SP 800-63B-4 §3.1.3.2 (600 s), §3.2.2 (100 failures). */
export const limitsSchema = z.strictObject({
  codeDigits: z.int().min(6).max(10).default(6),
  codeLife: z.int().min(60).max(600).default(300),
  codeLongestLife: z.int().min(60).max(600).default(600),
  triesPerCode: z.int().min(1).max(10).default(5),
  sendsPerLogin: z.int().min(1).max(10).default(5),
  resendAfter: z.array(z.int().min(10).max(600)).min(1).default([30, 60, 120]),
  pauseAfter: z.int().min(3).max(50).default(10),
  disableAfter: z.int().min(10).max(100).default(50),
  loginLife: z.int().min(120).max(3600).default(600),
  sessionLife: z.int().min(300).max(86_400).default(86_400),
  sessionIdle: z.int().min(60).max(86_400).default(3600),
  proofLife: z.int().min(300).max(43_200).default(43_200),
  freshProof: z.int().min(60).max(900).default(300),
});
export type Limits = z.infer<typeof limitsSchema>;

export const settingsSchema = z.strictObject({
  brand: z.string().min(1).max(60).default("Sallyport"),
  acrs: z.strictObject({
    enabled: z.array(z.string()).min(1),
    default: z.string(),
  }),
  clients: z.array(clientSchema).default([]),
  enrolment: z.enum(["password-once", "ticket", "off"]).default("password-once"),
  /** ISO 3166-1 alpha-2 codes, or `all`. */
  countries: z.union([
    z.literal("all"),
    z
      .array(z.string().regex(/^[A-Z]{2}$/))
      .min(1)
      .readonly(),
  ]),
  limits: limitsSchema.prefault({}),
});
export type Snapshot = z.infer<typeof settingsSchema> & { readonly revision: number };

export interface Settings {
  current(): Snapshot;
}
