/** Binding an authenticator app: a secret as a drawing and as text, and one code that shows the app has it. */
import { randomBytes } from "node:crypto";
import type { TotpData } from "../../../core/authenticators.ts";
import type { Step } from "../../../core/mechanism.ts";
import type { TotpDeps } from "./deps.ts";
import { drawn, KIND, newSecret, stepOf, uriOf } from "./secret.ts";

type State = { readonly secret: string; readonly label: string; readonly ticketNeeded: boolean };

/** Apps of one person: each one more makes a guess that much better. */
const MOST = 3;
const LONGEST_LABEL = 60;

export function createTotpEnrol({ binding, brand, now }: TotpDeps): Step {
  return {
    async prepare(login) {
      const begun = await binding.begin(login, KIND, MOST);
      if (begun.kind === "stop") return begun;
      const state: State = { secret: newSecret(), label: "", ticketNeeded: begun.ticketNeeded };
      return { kind: "ready", state };
    },
    async view(login) {
      const { secret, label, ticketNeeded } = login.state as State;
      return {
        page: {
          page: "totp-enrol",
          facts: {
            username: login.username,
            ...(await drawn(uriOf(secret, brand(), login.username))),
            secret: secret.replace(/(.{4})(?=.)/g, "$1 "),
            label,
            ticketNeeded,
            canOtherMethod: login.canOtherMethod === true,
            skippable: login.skippable === true,
          },
        },
      };
    },
    async authenticate(login, form) {
      const known = login.state as State;
      const label = (form.label ?? "").trim().slice(0, LONGEST_LABEL);
      const state: State = { ...known, label };
      const again = (key: string) => ({ kind: "retry", state, notice: { key } }) as const;
      const ticket = known.ticketNeeded ? (form.ticket ?? "").slice(0, 64) : undefined;
      if (ticket !== undefined && !(await binding.knowsTicket(login, KIND, ticket)))
        return again("phone.ticket-wrong");
      const code = (form.code ?? "").replace(/[\s-]/g, "");
      const step = /^[0-9]{6}$/.test(code) ? stepOf(known.secret, code, now()) : undefined;
      if (step === undefined) return again("totp.not-yet");
      // The code that was shown here is used up: it opens nothing a second time.
      const data: TotpData = { secret: known.secret, label, lastStep: step };
      const key = randomBytes(16).toString("base64url");
      const bound = await binding.bind(login, { kind: KIND, key, data }, { label, ticket });
      return bound.kind === "bound" ? { kind: "proved", method: "otp" } : bound;
    },
  };
}
