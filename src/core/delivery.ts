/**
 * Sends what the outbox promises. A send has a few seconds inside the request that asked for it and then goes on
 * behind it; a row that nobody confirmed (the process died) is sent again with the same code and key. Where a gateway
 * refuses, or its provider never tells that the message arrived, the next one brings the same code. Called by the walk,
 * by the clock in compose and by surfaces/callbacks; never decides whether somebody may sign in.
 *
 *   outbox row "unsent"   somebody has to send it        "awaiting"   sent, and another gateway stands by
 */
import { createAttemptLedger } from "./attempt-ledger.ts";
import { type Challenge, type Codes, KEEP, type OutboxRow } from "./codes.ts";
import { hear, isStale, keyOf, sentEvent } from "./delivery-report.ts";
import { type Attempt, advance, hasFailed, type News } from "./delivery-state.ts";
import type { GatewayEntry, GatewayLine } from "./gateway-line.ts";
import { composeMessage } from "./message.ts";
import type { MessageTexts } from "./message-texts.ts";
import type { Records, Storage, Versioned, Write } from "./records.ts";
import type { ReportUrls } from "./report-url.ts";
import { PhoneNumber, Secret } from "./secret.ts";
import type { OnSend } from "./send-fact.ts";
import type { DeliverySettings } from "./settings.ts";
import { isUncertain, type Receipt, type ReportRequest, worthAnother } from "./sms.ts";
import { composeSpeech } from "./speech.ts";
import type { Clock } from "./words.ts";

/** A provider's word as it came in: the last part of its path, its query, and the request itself. */
export interface Reported extends ReportRequest {
  readonly attempt: string;
  readonly query: Readonly<Record<string, unknown>>;
}

export interface Delivery {
  /** Sends one row; resolves when the provider has answered or `patience` is over, whichever is first. */
  deliver(outboxKey: string): Promise<void>;
  /** Sends rows whose lease has run out; answers how many. */
  sweep(): Promise<number>;
  /** Takes a provider's word; `refused` where it is not the provider's, and then nothing has changed. */
  report(reported: Reported): Promise<"taken" | "refused">;
  /** Resolves when nothing is on its way any more. */
  idle(): Promise<void>;
}

export interface DeliveryDeps {
  readonly storage: Storage;
  readonly codes: Codes;
  readonly line: GatewayLine;
  readonly urls: ReportUrls;
  readonly settings: () => DeliverySettings;
  readonly now: Clock;
  readonly texts: MessageTexts;
  readonly brand: () => string;
  /** Host of the issuer, for the domain-bound last line. */
  readonly host: string;
  readonly patienceMs?: number;
  readonly onSend?: OnSend | undefined;
  readonly onProblem: (problem: unknown) => void;
  /** A provider has taken a text, of so many segments, or a call. */
  readonly onAccepted?:
    | ((
        challenge: Challenge,
        taken: {
          readonly channel: "sms" | "call";
          readonly segments: number;
          /** Of a gateway that can tell what it cost. */
          readonly message?: { readonly gateway: string; readonly id: string } | undefined;
        },
      ) => void)
    | undefined;
  /** Whether money and the emergency switch let one more go out; asked before any attempt but the first. */
  readonly maySend?: (() => Promise<boolean>) | undefined;
}

const LEASE = 10_000;
/** Rows of a kind that one sweep looks at. */
const AT_ONCE = 50;

export function createDelivery(deps: DeliveryDeps): Delivery {
  const { line, now } = deps;
  const outbox: Records<OutboxRow> = deps.storage.records("outbox");
  const challenges: Records<Challenge> = deps.storage.records("challenge");
  const ledger = createAttemptLedger(deps);
  const underWay = new Map<string, Promise<void>>();
  const sweeps = new Set<Promise<void>>();

  const gone = (key: string): Write => outbox.write(key, null, 0);
  function row(challenge: Challenge, group: "unsent" | "awaiting", leaseMs: number): Write {
    const key = keyOf(challenge);
    const leaseUntil = now() + leaseMs;
    const { id, endsAt } = challenge;
    return outbox.write(key, { key, challenge: id, leaseUntil, expiresAt: endsAt }, endsAt, { group });
  }
  /** Whether this is all that could be hoped for, so that no other gateway is needed. */
  const isEnough = ({ state }: Attempt): boolean =>
    state === "delivered" || (state === "sent" && deps.settings().receipt === "sent");

  async function send(key: string, justWritten: boolean): Promise<void> {
    // The row's key names its challenge, and whoever calls has just written or claimed the row.
    const id = key.slice(0, key.lastIndexOf("."));
    const known = justWritten ? challenges.recall(id) : undefined;
    // A page that was shown between the write and its commit has left the older row in memory.
    const isThis = known !== undefined && key === keyOf(known.value);
    let found = isThis ? known : await challenges.read(id);
    while (found !== undefined) {
      const { value: challenge } = found;
      const own = (challenge.attempts ?? []).filter((attempt) => attempt.send === challenge.sends);
      // A newer send has overtaken this one, the code was used, it has arrived, or it is too late to be of any use.
      if (isStale(challenge, key, now()) || own.some(isEnough)) return outbox.remove(key);
      // An attempt that was promised to be made, and of which nothing is known, is made again where it was.
      const again = own.at(-1)?.state === "pending" ? own.at(-1) : undefined;
      const tried = new Set(own.filter((attempt) => attempt !== again).map(({ gateway }) => gateway));
      const entry =
        (again === undefined ? undefined : await line.find(again.gateway)) ??
        (await line.next(challenge.channel ?? "sms", tried));
      if (entry === undefined && own.length > 0) return outbox.remove(key);
      // The first was allowed a moment ago, with the budgets. Another message for the same code is ours, not the person's:
      // it draws on nobody's budget, but it costs money, and may come long after.
      if ((own.length > 0 || !justWritten) && (await deps.maySend?.()) === false) return outbox.remove(key);
      const attempt: Attempt = {
        send: challenge.sends,
        number: again?.number ?? own.length + 1,
        gateway: entry === undefined || entry === "busy" ? "none" : entry.name,
        channel: challenge.channel ?? "sms",
        state: "pending",
        at: now(),
        stateAt: now(),
      };
      if (entry === undefined || entry === "busy") {
        await settle(key, found, attempt, { kind: "refused", reason: entry ?? "other" }, false);
        return;
      }
      // The first is promised by the outbox. Any further one is written down before it is made: a code that was used
      // meanwhile makes that commit fail, so that nothing is sent for it any more.
      if (own.length > 0) {
        found = await ledger.apply(id, found, (current) =>
          isStale(current, key, now()) ? undefined : { attempt, outbox: row(current, "unsent", LEASE) },
        );
        if (found === undefined) return outbox.remove(key);
      }
      const receipt = await through(entry, challenge, attempt);
      line.told(entry.name, receipt, challenge.boundTo);
      const another = await line.hasNext(attempt.channel, new Set([...tried, entry.name]));
      found = await settle(key, found, attempt, receipt, another);
    }
  }

  function textOf(challenge: Challenge) {
    const { appName, purpose, locale, client, endsAt } = challenge;
    const code = deps.codes.reveal(challenge).reveal();
    const minutes = Math.max(1, Math.round((endsAt - now()) / 60_000));
    const facts = { appName, brand: deps.brand(), code, minutes, host: deps.host };
    return composeMessage(facts, deps.texts(purpose, locale, client));
  }

  /** Brings the code through one gateway. */
  async function through(
    { name, gateway }: GatewayEntry,
    challenge: Challenge,
    attempt: Attempt,
  ): Promise<Receipt> {
    const key = keyOf(challenge);
    const to = new PhoneNumber(challenge.phone);
    const secondsLeft = Math.floor((challenge.endsAt - now()) / 1000);
    const { id, appName, purpose, locale } = challenge;
    const about = { challenge: id, send: attempt.send, number: attempt.number, gateway: name };
    const report = deps.urls.of(about, challenge.endsAt + KEEP);
    const tell = (receipt: Receipt, channel: "sms" | "call", segments: number): Receipt => {
      const { price } = gateway;
      const message = receipt.kind === "accepted" && price ? { gateway: name, id: receipt.id } : undefined;
      if (receipt.kind === "accepted") deps.onAccepted?.(challenge, { channel, segments, message });
      return receipt;
    };
    if (attempt.channel === "call" && gateway.call !== undefined) {
      const speech = composeSpeech({ appName, code: deps.codes.reveal(challenge), purpose, locale });
      return tell(await gateway.call({ to, speech, key, report }), "call", 1);
    }
    const { text, segments } = textOf(challenge);
    const validFor = Math.max(5, secondsLeft);
    return tell(await gateway.send({ to, text: new Secret(text), key, validFor, report }), "sms", segments);
  }

  /** Commits what came of an attempt; answers the challenge where the next gateway is to go on with it. */
  async function settle(
    key: string,
    found: Versioned<Challenge>,
    made: Attempt,
    receipt: Receipt,
    another: boolean,
  ): Promise<Versioned<Challenge> | undefined> {
    const news = newsOf(receipt);
    let goesOn = false;
    const next = await ledger.apply(found.value.id, found, (challenge) => {
      // The provider may have told of it before it has answered, or without answering at all.
      const known = (challenge.attempts ?? []).find(
        ({ send, number }) => send === made.send && number === made.number,
      );
      const attempt = advance(known ?? made, news, now());
      const stands = another && !isStale(challenge, key, now());
      const failing = hasFailed(attempt.state) || attempt.state === "unknown";
      goesOn = stands && failing && worthAnother(attempt.reason ?? "other");
      const { receiptWithin } = deps.settings();
      const reports = receipt.kind === "refused" || receipt.reports === true;
      const waits = stands && !failing && !isEnough(attempt) && reports && receiptWithin > 0;
      const outboxRow = goesOn
        ? row(challenge, "unsent", LEASE)
        : waits
          ? row(challenge, "awaiting", receiptWithin * 1000)
          : gone(key);
      return {
        attempt: { ...attempt, isLast: goesOn || waits ? undefined : true },
        outbox: outboxRow,
        events: [sentEvent(challenge, attempt, receipt, now())],
        isNews: true,
      };
    });
    return goesOn ? next : undefined;
  }

  async function report(reported: Reported): Promise<"taken" | "refused"> {
    const name = deps.urls.read(reported.attempt, reported.query);
    const entry = name === undefined ? undefined : await line.find(name.gateway);
    if (name === undefined || entry?.gateway.readReport === undefined) return "refused";
    const word = await entry.gateway.readReport(reported);
    if (word === "forged") return "refused";
    if (word === "nothing") return "taken";
    // An attempt only moves forward, so what is remembered of one may be old and is never wrong; the commit looks again.
    const recalled = challenges.recall(name.challenge);
    const isKnown = recalled?.value.attempts?.some(
      ({ send, number }) => send === name.send && number === name.number,
    );
    const known = isKnown === true ? recalled : await challenges.read(name.challenge);
    if (known === undefined) return "taken";
    const tried = new Set(
      (known.value.attempts ?? []).filter(({ send }) => send === name.send).map(({ gateway }) => gateway),
    );
    const channel = known.value.channel ?? "sms";
    const another = hasFailed(word.state) && (await line.hasNext(channel, new Set([...tried, name.gateway])));
    const isUnderWay = underWay.has(keyOf({ id: name.challenge, sends: name.send }));
    let goesOn = false;
    let late = false;
    const done = await ledger.apply(name.challenge, known, (challenge) => {
      const heard = hear({ challenge, name, word, another, isEnough, isUnderWay, now: now() });
      if (heard !== undefined && "passing" in heard) ledger.mention(challenge, heard.passing);
      if (heard === undefined || "passing" in heard) return undefined;
      ({ goesOn, late } = heard);
      const { attempt, events, isNews, isOver } = heard;
      const outboxRow = goesOn
        ? row(challenge, "unsent", LEASE)
        : isOver
          ? gone(keyOf(challenge))
          : undefined;
      return { attempt, events, isNews, outbox: outboxRow };
    });
    if (done === undefined) return "taken";
    if (late) {
      const segments = channel === "call" ? 1 : textOf(done.value).segments;
      const message = entry.gateway.price && { gateway: name.gateway, id: word.id };
      deps.onAccepted?.(done.value, { channel, segments, message });
    }
    if (hasFailed(word.state) && word.reason !== undefined)
      line.told(name.gateway, { kind: "reported", reason: word.reason, providerCode: word.providerCode });
    if (goesOn) void start(keyOf(done.value), false);
    return "taken";
  }

  function start(key: string, justWritten: boolean): Promise<void> {
    const busy = underWay.get(key);
    if (busy !== undefined) return busy;
    const run = send(key, justWritten)
      .catch(deps.onProblem)
      .finally(() => underWay.delete(key));
    underWay.set(key, run);
    return run;
  }

  /** Takes a row whose time has come; false where another node has. */
  const claim = ({ key }: OutboxRow): Promise<boolean> =>
    outbox.update(key, (current) =>
      current === undefined || current.leaseUntil > now()
        ? { result: false }
        : {
            result: true,
            write: { ...current, leaseUntil: now() + LEASE },
            expiresAt: current.expiresAt,
            group: "unsent",
          },
    );

  async function sweep(): Promise<number> {
    let count = 0;
    for (const group of ["unsent", "awaiting"])
      for (const due of await outbox.list(group, AT_ONCE)) {
        if (due.leaseUntil > now() || underWay.has(due.key) || !(await claim(due))) continue;
        count += 1;
        void start(due.key, false);
      }
    return count;
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
    sweep() {
      const run = sweep();
      const done = run.then(
        () => void sweeps.delete(done),
        () => void sweeps.delete(done),
      );
      sweeps.add(done);
      return run;
    },
    report,
    async idle() {
      while (underWay.size + sweeps.size > 0) await Promise.all([...underWay.values(), ...sweeps]);
    },
  };
}

/** What the answer to a send says of its attempt. */
function newsOf(receipt: Receipt): News {
  if (receipt.kind === "accepted") return { state: "accepted", providerId: receipt.id };
  const { reason, providerCode } = receipt;
  return { state: isUncertain(reason) ? "unknown" : "failed", reason, providerCode };
}
