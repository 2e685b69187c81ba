/** The provider's word in the random walk: genuine, forged, again, in any order. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type SentCallback, signCallback } from "../kit/callbacks.ts";
import type { Act, Walking, World } from "./walk-world.ts";

const STATES = ["queued", "sending", "sent", "delivered", "undelivered", "failed", "canceled"];
const KINDS = [
  "genuine",
  "genuine",
  "again",
  "unsigned",
  "guessed",
  "changed",
  "other attempt",
  "other login",
] as const;
/** A word of the provider, of the so-manyeth login in which something was sent. */
type Word = (nth: number, kind: (typeof KINDS)[number], status: string) => Act;
const GONE = new Set(["delivered", "undelivered", "failed", "canceled"]);

/** Something is said of a login's last send; nothing but its own attempt may come of it, and only forward. */
export function providerSays({ twilio, challengeOf, server, reached }: Walking): Word {
  async function say(world: World, nth: number, kind: (typeof KINDS)[number], status: string): Promise<void> {
    const logins = [...world.codes.keys()];
    const login = logins[nth % Math.max(1, logins.length)];
    const challenge = login === undefined ? undefined : await challengeOf(login);
    const attempt = challenge?.attempts.at(-1);
    if (login === undefined || challenge === undefined || attempt?.providerId === undefined) return;
    const url = twilio.urlOf(challenge, attempt.send, attempt.number);
    const call = attempt.channel === "call";
    const fields = call
      ? { AccountSid: twilio.sid, CallSid: attempt.providerId, CallStatus: status }
      : twilio.fieldsOf(attempt.providerId, status);
    const other = logins.find((one) => one !== login);
    const target = other === undefined ? undefined : await challengeOf(other);
    const sent: SentCallback | undefined = {
      genuine: { url, fields },
      again: world.said[nth % Math.max(1, world.said.length)],
      unsigned: { url, fields, signature: undefined },
      guessed: { url, fields, signature: signCallback("0".repeat(32), url, fields) },
      changed: {
        url,
        fields: { ...fields, Extra: status },
        signature: signCallback(twilio.token, url, fields),
      },
      "other attempt": {
        url: twilio.urlOf(challenge, attempt.send + 1, attempt.number),
        fields,
        signature: signCallback(twilio.token, url, fields),
      },
      "other login":
        target === undefined
          ? undefined
          : { url: twilio.urlOf(target), fields, signature: signCallback(twilio.token, url, fields) },
    }[kind];
    if (sent === undefined) return;
    const answer = await twilio.post(sent);
    const until = Number(new URL(sent.url).searchParams.get("until")) * 1000;
    const mine = kind === "genuine" || kind === "again";
    assert.equal(answer, mine && server.parts.now() < until ? 204 : 403, `${kind} ${status}`);
    if (mine) world.said.push(sent);
    reached.words += answer === 204 ? 1 : 0;
    reached.refusals += answer === 403 ? 1 : 0;
    const after = await challengeOf(login);
    // What a person can guess at, and for how long, is none of the provider's business.
    const { attempts: was, ...kept } = challenge;
    const { attempts: is = [], ...left } = after ?? challenge;
    assert.deepEqual(left, kept);
    if (answer === 403) assert.deepEqual(is, was);
    for (const one of was)
      if (GONE.has(one.state))
        assert.equal(
          is.find(({ send, number }) => send === one.send && number === one.number)?.state,
          one.state,
          "an end is an end",
        );
  }

  return (nth, kind, status) => ({
    check: () => true,
    toString: () => `provider(${kind} ${status}, login ${nth})`,
    run: (_model, world) => say(world, nth, kind, status),
  });
}

/** Any of its words, true or not. */
export const anyWord = (word: Word): fc.Arbitrary<Act> =>
  fc.tuple(fc.nat(7), fc.constantFrom(...KINDS), fc.constantFrom(...STATES)).map((all) => word(...all));
