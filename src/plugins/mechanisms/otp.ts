/** The script of `otp`: a password, then a code of the person's authenticator app. */
import type { MechanismScript } from "../../core/mechanism.ts";

export const mechanism: MechanismScript = { requires: ["password", "totp"] };
