/** Signing in with a passkey: of somebody who is known already, or of whom the key says who it is. */
import type { AuditEvent, AuditKind } from "../../../core/audit.ts";
import type { Authenticator, PasskeyData } from "../../../core/authenticators.ts";
import type { User } from "../../../core/directory.ts";
import type { Login, Outcome, Step } from "../../../core/mechanism.ts";
import type { Json } from "../../../core/words.ts";
import { assertionSchema, readAnswer } from "./answer.ts";
import { KIND, type PasskeyDeps } from "./deps.ts";
import { challengeOf, isChallengeOf } from "./one-time.ts";

const ROUNDS = 5;

export function createPasskeyChallenge(deps: PasskeyDeps): Step {
  const { authenticators, directory, keys, now } = deps;

  const event = (login: Login<Json>, kind: AuditKind, subject: string | undefined): AuditEvent => ({
    kind,
    at: now(),
    subject,
    login: login.id,
    client: login.client.id,
    address: login.visitor.address,
    facts: { factor: KIND, act: "challenge" },
  });

  /** Keeps what the key says of itself; false: its counter has not gone on, as that of a copy does not (§6.1.1). */
  async function used(key: Authenticator, counter: number, backedUp: boolean): Promise<boolean> {
    for (let round = 0; round < ROUNDS; round += 1) {
      const current =
        round === 0 ? key : (await authenticators.list(key.subject, KIND)).find(({ id }) => id === key.id);
      if (current === undefined) return false;
      const known = current.data as PasskeyData;
      // Once it went back there are two of it, and nobody knows which one counts on: neither is taken any more.
      const back =
        known.counterBackAt !== undefined || ((counter > 0 || known.counter > 0) && counter <= known.counter);
      const next: PasskeyData = back
        ? { ...known, counterBackAt: now() }
        : { ...known, counter, backedUp, usedAt: now() };
      if (await authenticators.update(current.id, current.version, next)) return !back;
    }
    return false;
  }

  async function ownerOf(
    login: Login<Json>,
    key: Authenticator,
    handle: string | undefined,
  ): Promise<User | undefined> {
    const told = handle === undefined ? undefined : Buffer.from(handle, "base64url").toString();
    // Where nobody is known yet, the key has to say whose it is (§7.2 step 6); what it says must be what we know.
    if (told === undefined ? login.subject === undefined : told !== key.subject) return undefined;
    if (login.subject !== undefined && login.subject !== key.subject) return undefined;
    const user = await directory.get(key.subject);
    return user?.status === "active" ? user : undefined;
  }

  return {
    async prepare({ subject }) {
      const held = subject === undefined || (await authenticators.list(subject, KIND)).length > 0;
      return held ? { kind: "ready", state: null } : { kind: "stop", reason: "no-factor" };
    },

    async view(login) {
      const { subject, username, canOtherMethod = false } = login;
      const held = subject === undefined ? [] : await authenticators.list(subject, KIND);
      const credentials = held.map(({ data }) => (data as PasskeyData).credential).join(" ");
      const challenge = challengeOf(keys, "sign-in", login);
      return {
        page: {
          page: "passkey",
          facts: { username, rpId: deps.rpId, challenge, credentials, canOtherMethod },
        },
      };
    },

    async authenticate(login, form): Promise<Outcome<Json>> {
      const answer = readAnswer(assertionSchema, form.passkey);
      if (answer === undefined) return { kind: "retry", notice: { key: "passkey.none" } };
      const [key, ...others] = await authenticators.find(KIND, answer.id);
      const wrong = (): Outcome<Json> => ({
        kind: "retry",
        notice: { key: "passkey.wrong" },
        events: [event(login, "factor-wrong", login.subject)],
      });
      if (key === undefined || others.length > 0) return wrong();
      const user = await ownerOf(login, key, answer.response.userHandle);
      if (user === undefined) return wrong();
      const known = key.data as PasskeyData;
      // Loaded by the first sign-in that needs it: nobody else pays for it.
      const { verifyAuthenticationResponse } = await import("@simplewebauthn/server");
      const { response, ...rest } = answer;
      const { userHandle, ...bytes } = response;
      const verified = await verifyAuthenticationResponse({
        response: { ...rest, response: { ...bytes, ...(userHandle === undefined ? {} : { userHandle }) } },
        expectedChallenge: (given) => isChallengeOf(keys, "sign-in", login, given),
        expectedOrigin: deps.origin,
        expectedRPID: deps.rpId,
        requireUserVerification: true,
        credential: {
          id: known.credential,
          publicKey: new Uint8Array(Buffer.from(known.publicKey, "base64url")),
          // Its counter is looked at below, together with the row that it is kept in.
          counter: 0,
        },
      }).catch(() => undefined);
      if (verified?.verified !== true) return wrong();
      const { newCounter, credentialBackedUp } = verified.authenticationInfo;
      if (!(await used(key, newCounter, credentialBackedUp)))
        return {
          kind: "retry",
          notice: { key: "passkey.copied" },
          events: [event(login, "factor-suspicious", key.subject)],
        };
      return {
        kind: "proved",
        method: known.backupEligible ? "swk" : "hwk",
        multi: true,
        user,
        events: [event(login, "factor-right", key.subject)],
      };
    },
  };
}
