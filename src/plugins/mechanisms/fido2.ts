/**
 * The script of `fido2`: a passkey, which says who signs in and has checked the person itself. Whoever has none yet signs
 * in by the password and what they have besides, and binds one; the walk sees to that.
 */
import type { MechanismScript } from "../../core/mechanism.ts";

export const mechanism: MechanismScript = { requires: ["passkey"] };
