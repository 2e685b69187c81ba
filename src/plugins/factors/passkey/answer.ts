/** What a browser's script sends in the field `passkey`, read into a shape. Whether it is true, the library says. */
import { z } from "zod";

/** Longer than any credential; an attestation that nobody asked for may be in it. */
const LONGEST = 32_768;
const bytes = z
  .string()
  .regex(/^[\w-]*$/)
  .max(LONGEST);

const common = {
  id: bytes.min(1).max(1400),
  rawId: bytes.min(1).max(1400),
  type: z.literal("public-key"),
  clientExtensionResults: z.object({}).default({}),
};

/** An assertion (WebAuthn §5.1, AuthenticationResponseJSON). */
export const assertionSchema = z.object({
  ...common,
  response: z.object({
    clientDataJSON: bytes,
    authenticatorData: bytes,
    signature: bytes,
    userHandle: z
      .string()
      .regex(/^[\w-]*$/)
      .max(200)
      .optional(),
  }),
});

/** A new credential (RegistrationResponseJSON). */
export const creationSchema = z.object({
  ...common,
  response: z.object({
    clientDataJSON: bytes,
    attestationObject: bytes,
    transports: z
      .array(z.enum(["ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"]))
      .optional(),
  }),
});

/** undefined: not what a browser sends. */
export function readAnswer<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  if (text === undefined || text.length > LONGEST) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
