import type { Plugin } from "./plugin.ts";
import type { PhoneNumber, Secret } from "./secret.ts";
import type { Seconds } from "./words.ts";

/** One text on its way. */
export interface SmsMessage {
  readonly to: PhoneNumber;
  readonly text: Secret;
  /** Ours, the same for every retry of the same message. */
  readonly key: string;
  readonly validFor: Seconds;
}

/** Why a provider did not take a message; decides what the person is told and what the operator must see. */
export type SmsRefusal =
  | "number-unusable" /* 21211, 21614: the number cannot receive texts */
  | "number-blocked" /* 21610: the person has sent STOP */
  | "region-not-enabled" /* 21408 */
  | "trial-account" /* 21608 */
  | "credentials" /* 401, 20003 */
  | "sender" /* 21212, 21606, … */
  | "busy" /* 429: never processed, safe to send again */
  | "provider-down" /* 5xx, reset, refused connection */
  | "no-answer" /* time-out: may or may not have been sent */
  | "other";

export type Receipt =
  | { readonly kind: "accepted"; readonly id: string }
  | { readonly kind: "refused"; readonly reason: SmsRefusal; readonly providerCode?: number | undefined };

/** A finding of a self-check: what is wrong, and what to do. */
export interface Finding {
  readonly level: "ok" | "warning" | "error";
  readonly message: string;
}

export interface SmsGateway {
  /** Never throws for what a provider does: every failure is a refusal. Answers within its configured time (4 s). */
  send(message: SmsMessage): Promise<Receipt>;
  check(): Promise<readonly Finding[]>;
  /** Loads what is heavy ahead of the first send; called when the server is up. */
  warm?(): Promise<void>;
}

/** A kind of gateway, with what an administrator has to know of its properties. */
export interface GatewayPlugin<Config, Deps> extends Plugin<SmsGateway, Config, Deps> {
  /** Properties that are never shown again once they are set. */
  readonly secrets: readonly string[];
  /** Properties that say where secrets are sent; a change of one voids the secrets. */
  readonly targets: readonly string[];
  readonly descriptions: Readonly<Record<string, string>>;
}
