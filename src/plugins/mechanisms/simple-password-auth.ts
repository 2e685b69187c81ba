/** The script of `simple_password_auth`: a password and nothing else. */
import type { MechanismScript } from "../../core/mechanism.ts";

export const mechanism: MechanismScript = { requires: ["password"] };
