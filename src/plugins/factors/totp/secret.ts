/** Secrets of authenticator apps: made, drawn, and asked which time step a code is of. */
import { Secret, TOTP } from "otpauth";
import type { EpochMs } from "../../../core/words.ts";

export const KIND = "totp";
const PERIOD = 30;
/** 160 bits, as RFC 4226 §4 R6 wants. */
const BYTES = 20;

/** What every app understands: SHA-1, six digits, half a minute (RFC 6238 §4). */
const FORM = { algorithm: "SHA1", digits: 6, period: PERIOD } as const;

/** A new secret in base 32. */
export const newSecret = (): string => new Secret({ size: BYTES }).base32;

/** The time step that a code is of, at most one away from now (§5.2); undefined: of none. */
export function stepOf(secret: string, token: string, at: EpochMs): number | undefined {
  const delta = new TOTP({ ...FORM, secret }).validate({ token, timestamp: at, window: 1 });
  return delta === null ? undefined : Math.floor(at / 1000 / PERIOD) + delta;
}

/** The `otpauth:` address that an app takes in. */
export const uriOf = (secret: string, issuer: string, label: string): string =>
  new TOTP({ ...FORM, secret, issuer, label, issuerInLabel: true }).toString();

/** The QR code of a text as one SVG path, a square for each module, with the four squares of quiet around it. */
export async function drawn(text: string): Promise<{ readonly qr: string; readonly size: number }> {
  // Loaded when somebody binds an app: nobody else waits for it.
  const { create } = await import("qrcode");
  const { size, data } = create(text, { errorCorrectionLevel: "M" }).modules;
  let qr = "";
  for (let y = 0; y < size; y += 1)
    for (let x = 0; x < size; x += 1) {
      let run = 0;
      while (x + run < size && data[y * size + x + run] === 1) run += 1;
      if (run > 0) qr += `M${x + 4} ${y + 4}h${run}v1h-${run}z`;
      x += run;
    }
  return { qr, size: size + 8 };
}
