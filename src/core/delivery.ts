/**
 * Sends what the outbox promises. A send has a few seconds inside the request that asked for it and then goes on
 * behind it; a row that nobody confirmed (the process died) is sent again with the same code and key. Called by the
 * walk and by the clock in compose; never decides whether somebody may sign in.
 */
import type { Audit, AuditEvent } from "./audit.ts";
import { type Challenge, type Codes, KEEP, type OutboxRow } from "./codes.ts";
import { composeMessage } from "./message.ts";
import type { MessageTexts } from "./message-texts.ts";
import type { Records, Storage } from "./records.ts";
import { PhoneNumber, Secret } from "./secret.ts";
import type { Receipt, SmsGateway } from "./sms.ts";
import type { Clock } from "./words.ts";

export interface Delivery {
  /** Sends one row; resolves when the provider has answered or `patience` is over, whichever is first. */
  deliver(outboxKey: string): Promise<void>;
  /** Sends rows whose lease has run out; answers how many. */
  sweep(): Promise<number>;
  /** Resolves when nothing is on its way any more. */
  idle(): Promise<void>;
}

export interface DeliveryDeps {
  readonly storage: Storage;
  readonly codes: Codes;
  readonly gateway: SmsGateway;
  readonly audit: Audit;
  readonly now: Clock;
  readonly texts: MessageTexts;
  readonly brand: () => string;
  /** Host of the issuer, for the domain-bound last line. */
  readonly host: string;
  readonly patienceMs?: number;
  readonly onProblem: (problem: unknown) => void;
  /** A provider has taken a text, of so many segments, or a call. */
  readonly onAccepted?:
    | ((challenge: Challenge, taken: { readonly channel: "sms" | "call"; readonly segments: number }) => void)
    | undefined;
}

const LEASE = 10_000;

export function createDelivery(deps: DeliveryDeps): Delivery {
  const outbox: Records<OutboxRow> = deps.storage.records("outbox");
  const challenges: Records<Challenge> = deps.storage.records("challenge");
  const underWay = new Set<Promise<void>>();

  /** `justWritten`: by this process, a moment ago. */
  async function send(key: string, justWritten: boolean): Promise<void> {
    // The row's key names its challenge, and whoever calls has just written or claimed the row.
    const id = key.slice(0, key.lastIndexOf("."));
    const known = justWritten ? challenges.recall(id) : undefined;
    // A page that was shown between the write and its commit has left the older row in memory.
    const isThis = known !== undefined && key === `${id}.${known.value.sends}`;
    const found = isThis ? known : await challenges.read(id);
    if (found === undefined) return;
    const { value: challenge, version } = found;
    const secondsLeft = Math.floor((challenge.endsAt - deps.now()) / 1000);
    // A newer send has overtaken this one, the code was used, or it is too late to be of any use.
    if (challenge.spent || secondsLeft < 1 || key !== `${challenge.id}.${challenge.sends}`)
      return outbox.remove(key);
    const { text, segments } = composeMessage(
      {
        appName: challenge.appName,
        brand: deps.brand(),
        code: deps.codes.reveal(challenge).reveal(),
        minutes: Math.max(1, Math.round(secondsLeft / 60)),
        host: deps.host,
      },
      deps.texts(challenge.purpose, challenge.locale, challenge.client),
    );
    const to = new PhoneNumber(challenge.phone);
    const receipt = await deps.gateway.send({
      to,
      text: new Secret(text),
      key,
      validFor: Math.max(5, secondsLeft),
    });
    if (receipt.kind === "accepted") deps.onAccepted?.(challenge, { channel: "sms", segments });
    await settle(key, challenge, version, receipt);
  }

  async function settle(key: string, challenge: Challenge, version: number, receipt: Receipt): Promise<void> {
    const delivery: Challenge["delivery"] =
      receipt.kind === "accepted" ? { state: "sent" } : { state: "failed", reason: receipt.reason };
    const event: AuditEvent = {
      kind: receipt.kind === "accepted" ? "code-sent" : "code-send-failed",
      at: deps.now(),
      subject: challenge.subject,
      login: challenge.boundTo,
      facts:
        receipt.kind === "accepted"
          ? { factor: "sms", messageId: receipt.id }
          : { factor: "sms", reason: receipt.reason, providerCode: receipt.providerCode ?? null },
    };
    // The row goes and the page can tell; where the person has typed the code meanwhile, what they changed stays.
    const told = challenges.write(challenge.id, { ...challenge, delivery }, challenge.endsAt + KEEP, {
      expect: version,
    });
    if (await deps.storage.commit([told, outbox.write(key, null, 0)], [event])) return;
    await Promise.all([
      deps.audit.append(event),
      outbox.remove(key),
      challenges.update(challenge.id, (current) =>
        current === undefined || current.sends !== challenge.sends
          ? { result: undefined }
          : { result: undefined, write: { ...current, delivery }, expiresAt: current.endsAt + KEEP },
      ),
    ]);
  }

  function start(key: string, justWritten: boolean): Promise<void> {
    const run = send(key, justWritten)
      .catch(deps.onProblem)
      .finally(() => underWay.delete(run));
    underWay.add(run);
    return run;
  }

  return {
    async deliver(key) {
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, deps.patienceMs ?? 4000);
      });
      await Promise.race([start(key, true), patience]);
      clearTimeout(timer);
    },
    async sweep() {
      let count = 0;
      for (const row of await outbox.list("unsent", 50)) {
        if (row.leaseUntil > deps.now()) continue;
        const mine = await outbox.update(row.key, (current) =>
          current === undefined || current.leaseUntil > deps.now()
            ? { result: false }
            : {
                result: true,
                write: { ...current, leaseUntil: deps.now() + LEASE },
                expiresAt: current.expiresAt,
                group: "unsent",
              },
        );
        if (!mine) continue;
        count += 1;
        void start(row.key, false);
      }
      return count;
    },
    async idle() {
      await Promise.all(underWay);
    },
  };
}
