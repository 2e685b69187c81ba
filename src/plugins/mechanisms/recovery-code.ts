/** The script of `recovery_code`: a password, then one of the codes on paper. They are never made on the way in. */
import type { MechanismScript } from "../../core/mechanism.ts";

export const mechanism: MechanismScript = {
  requires: ["password", "recovery-code"],
  next({ proved }) {
    const factor = ["password", "recovery-code"].find((kind) => !proved.includes(kind));
    return factor === undefined ? undefined : { factor, act: "challenge" };
  },
};
