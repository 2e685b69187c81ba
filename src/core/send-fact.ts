/** What is told of every attempt to bring a code, to whoever counts or limits: one fact per attempt, one per change. */

import type { Channel } from "./delivery-state.ts";
import type { CodePurpose } from "./message-texts.ts";
import type { PhoneNumber } from "./secret.ts";
import type { DeliveryState, SmsRefusal } from "./sms.ts";
import type { EpochMs, Subject } from "./words.ts";

/** `challenge`, `send` and `number` together name the attempt; a fact may be told twice after a crash, or by two nodes. */
export interface SendFact {
  readonly challenge: string;
  readonly send: number;
  readonly number: number;
  readonly login: string;
  readonly subject: Subject;
  readonly phone: PhoneNumber;
  /** ISO 3166-1. */
  readonly country: string | undefined;
  readonly purpose: CodePurpose;
  readonly gateway: string;
  readonly channel: Channel;
  readonly providerId: string | undefined;
  readonly state: DeliveryState;
  readonly reason: SmsRefusal | undefined;
  readonly providerCode: number | undefined;
  /** When the attempt was begun, and when it came into its state. */
  readonly begunAt: EpochMs;
  readonly at: EpochMs;
}

/** Takes a fact after it is durable, or is to be nowhere: `sent` that nothing hangs on. What it throws is reported and keeps nobody from signing in. */
export type OnSend = (fact: SendFact) => void | Promise<void>;
