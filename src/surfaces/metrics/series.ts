/** The series, and what moves them: each event of the audit, each attempt to bring a code, and what is looked up at a scrape. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { AuditEvent } from "../../core/audit.ts";
import { isTerminal } from "../../core/delivery-state.ts";
import type { Decision } from "../../core/guard.ts";
import type { SendFact } from "../../core/send-fact.ts";
import type { Channel } from "../../core/spend.ts";
import { SERIES, type SeriesName } from "./names.ts";

/** Looked up when somebody reads the figures. */
export interface Gauges {
  readonly brakeOn: () => boolean;
  readonly gateways: () => Promise<readonly { readonly name: string; readonly isOpen: boolean }[]>;
  readonly hashing: () => { readonly waiting: number; readonly refused: number };
}

export interface Metrics {
  hear(event: AuditEvent): void;
  sent(fact: SendFact): void;
  /** In millionths of the currency of the prices. */
  cost(channel: Channel, country: string, micro: number): void;
  decided(decisions: readonly Decision[]): void;
  passwordChecked(seconds: number): void;
  look(gauges: Gauges): void;
  /** The text that Prometheus reads (exposition format 0.0.4). */
  text(): Promise<string>;
  readonly contentType: string;
}

type Labels = Readonly<Record<string, string>>;

const NOTHING: Gauges = {
  brakeOn: () => false,
  gateways: async () => [],
  hashing: () => ({ waiting: 0, refused: 0 }),
};

/** ISO 3166-1 as it came from the number; whatever else it is, one value. */
const countryOf = (country: unknown): string =>
  typeof country === "string" && /^[A-Z]{2}$/.test(country) ? country : "other";
const word = (value: unknown): string => (typeof value === "string" ? value : "none");

export function createMetrics(): Metrics {
  const register = new Registry();
  collectDefaultMetrics({ register });
  let gauges = NOTHING;

  const counters = new Map<string, Counter>();
  const histograms = new Map<string, Histogram>();
  const levels = new Map<string, Gauge>();
  for (const [name, { type, help, labels, ...more }] of Object.entries(SERIES)) {
    const given = { name, help, labelNames: [...labels], registers: [register] };
    if (type === "counter") counters.set(name, new Counter(given));
    else if (type === "gauge") levels.set(name, new Gauge(given));
    else
      histograms.set(
        name,
        new Histogram({ ...given, buckets: [...(more as { buckets: number[] }).buckets] }),
      );
  }
  const add = (name: SeriesName, labels: Labels, by = 1) => counters.get(name)?.inc(labels, by);
  const observe = (name: SeriesName, labels: Labels, value: number) =>
    histograms.get(name)?.observe(labels, value);
  let refused = 0;

  async function look(): Promise<void> {
    levels.get("sallyport_brake_on")?.set(gauges.brakeOn() ? 1 : 0);
    const open = levels.get("sallyport_gateway_open");
    const all = await gauges.gateways();
    // One that was taken out of the settings is not there any more.
    open?.reset();
    for (const { name, isOpen } of all) open?.set({ gateway: name }, isOpen ? 1 : 0);
    const hashing = gauges.hashing();
    levels.get("sallyport_password_checks_waiting")?.set(hashing.waiting);
    add("sallyport_password_checks_refused_total", {}, Math.max(0, hashing.refused - refused));
    refused = hashing.refused;
  }

  function hear({ kind, facts = {} }: AuditEvent): void {
    const purpose = word(facts.purpose);
    const country = countryOf(facts.country);
    const factor = word(facts.factor);
    add("sallyport_audit_events_total", { kind });
    switch (kind) {
      case "password-right":
      case "password-wrong":
        // Which of the wrong ones had no such person is nobody's business who reads figures.
        add("sallyport_password_checks_total", { result: kind === "password-right" ? "right" : "wrong" });
        break;
      case "password-paused":
        add("sallyport_password_checks_total", { result: "paused" });
        add("sallyport_pauses_total", { factor: "password" });
        break;
      case "code-issued":
        add("sallyport_codes_issued_total", { purpose, country });
        break;
      case "code-sent":
      case "code-send-failed": {
        const result = kind === "code-sent" ? "accepted" : word(facts.reason);
        const gateway = word(facts.gateway);
        add("sallyport_sends_total", { kind: word(facts.channel), purpose, country, gateway, result });
        break;
      }
      case "code-right":
        if (typeof facts.seconds === "number") observe("sallyport_entry_seconds", { purpose }, facts.seconds);
        add("sallyport_code_checks_total", { purpose, country, result: "right" });
        break;
      case "code-wrong":
      case "code-paused":
        add("sallyport_code_checks_total", { purpose, country, result: word(facts.result) });
        break;
      case "factor-paused":
        add("sallyport_pauses_total", { factor });
        break;
      case "factor-disabled":
        add("sallyport_factors_disabled_total", { factor });
        break;
      case "send-refused":
        add("sallyport_send_refusals_total", { purpose, reason: word(facts.reason) });
        break;
      case "gateway-problem":
        add("sallyport_gateway_problems_total", { gateway: word(facts.gateway), reason: word(facts.reason) });
        break;
      case "signed-in":
        add("sallyport_sign_ins_total", { acr: word(facts.acr), result: "signed-in" });
        break;
      case "login-cancelled":
      case "login-stopped":
        add("sallyport_sign_ins_total", { acr: word(facts.acr), result: word(facts.reason) });
        break;
      case "tokens-issued":
        add("sallyport_tokens_issued_total", { grant: word(facts.grant).split(" ")[0] ?? "" });
        break;
      case "notice-sent":
        add("sallyport_notices_total", { notice: word(facts.notice) });
        break;
      default:
    }
  }

  return {
    hear,
    sent({ state, country, gateway, channel, begunAt, at }) {
      // The answer to the send itself is not a receipt; sends_total has it.
      if (state === "pending" || state === "unknown" || state === "accepted") return;
      const told = { status: state, country: countryOf(country), gateway };
      add("sallyport_receipts_total", told);
      if (isTerminal(state) && state === "delivered")
        observe("sallyport_delivery_seconds", { kind: channel, gateway }, Math.max(0, at - begunAt) / 1000);
    },
    cost: (channel, country, micro) =>
      void add("sallyport_spend_total", { kind: channel, country: countryOf(country) }, micro / 1_000_000),
    decided(decisions) {
      for (const { blocked, verdict, elsewhere, country } of decisions) {
        const spoke = verdict !== undefined || elsewhere !== undefined;
        const said = blocked ? "blocked" : spoke ? "observed" : "clear";
        add("sallyport_guard_decisions_total", { verdict: said, country: countryOf(country) });
      }
    },
    passwordChecked: (seconds) => void observe("sallyport_password_check_seconds", {}, seconds),
    look(next) {
      gauges = next;
    },
    async text() {
      await look();
      return register.metrics();
    },
    contentType: register.contentType,
  };
}
