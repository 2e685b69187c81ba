/** Binding a passkey: any that checks its person, discoverable where it can be; no attestation is asked for. */
import type { PasskeyData } from "../../../core/authenticators.ts";
import type { Step } from "../../../core/mechanism.ts";
import { creationSchema, readAnswer } from "./answer.ts";
import { KIND, type PasskeyDeps } from "./deps.ts";
import { challengeOf, isChallengeOf } from "./one-time.ts";

type State = { readonly label: string; readonly ticketNeeded: boolean };

const MOST = 20;
const LONGEST_LABEL = 60;
/** EdDSA, ES256, RS256 (RFC 9053 §2): what `passkey.js` asks for as well. */
const ALGORITHMS = [-8, -7, -257];

export function createPasskeyEnrol(deps: PasskeyDeps): Step {
  const { authenticators, binding, keys } = deps;
  return {
    async prepare(login) {
      const begun = await binding.begin(login, KIND, MOST);
      if (begun.kind === "stop") return begun;
      const state: State = { label: "", ticketNeeded: begun.ticketNeeded };
      return { kind: "ready", state };
    },
    async view(login) {
      const { subject = "", username } = login;
      const { label, ticketNeeded } = login.state as State;
      const held = await authenticators.list(subject, KIND);
      return {
        page: {
          page: "passkey-enrol",
          facts: {
            username,
            rpId: deps.rpId,
            challenge: challengeOf(keys, "enrol", login),
            userId: Buffer.from(subject).toString("base64url"),
            credentials: held.map(({ data }) => (data as PasskeyData).credential).join(" "),
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
      const again = (key: string) =>
        ({ kind: "retry", state: { ...known, label }, notice: { key } }) as const;
      const ticket = known.ticketNeeded ? (form.ticket ?? "").slice(0, 64) : undefined;
      if (ticket !== undefined && !(await binding.knowsTicket(login, KIND, ticket)))
        return again("phone.ticket-wrong");
      const answer = readAnswer(creationSchema, form.passkey);
      if (answer === undefined) return again("passkey.none");
      const { verifyRegistrationResponse } = await import("@simplewebauthn/server");
      const { response, ...rest } = answer;
      const { transports = [], ...bytes } = response;
      const verified = await verifyRegistrationResponse({
        response: { ...rest, response: { ...bytes, transports } },
        expectedChallenge: (given) => isChallengeOf(keys, "enrol", login, given),
        expectedOrigin: deps.origin,
        expectedRPID: deps.rpId,
        requireUserVerification: true,
        supportedAlgorithmIDs: ALGORITHMS,
      }).catch(() => undefined);
      if (verified?.verified !== true) return again("passkey.not-bound");
      const { credential, credentialDeviceType, credentialBackedUp, aaguid } = verified.registrationInfo;
      // A credential has one owner: under two names it would say of one that it is the other (§7.1 step 26).
      if ((await authenticators.find(KIND, credential.id)).length > 0) return again("passkey.known");
      const data: PasskeyData = {
        credential: credential.id,
        publicKey: Buffer.from(credential.publicKey).toString("base64url"),
        counter: credential.counter,
        transports,
        label,
        backupEligible: credentialDeviceType === "multiDevice",
        backedUp: credentialBackedUp,
        aaguid,
      };
      const bound = await binding.bind(login, { kind: KIND, key: credential.id, data }, { label, ticket });
      if (bound.kind === "stop") return bound;
      return { kind: "proved", method: data.backupEligible ? "swk" : "hwk", multi: true };
    },
  };
}
