/**
 * surfaces/metrics: figures for Prometheus. Made of the audit's events and of what is told of sends, so that figures and
 * evidence never disagree; read at an address of their own (serve.ts). Opened by compose where the boot file wants it,
 * loaded by nobody else. It never sees a code or a number, and no label is anything that a stranger can choose.
 *
 * Here: every series of ours, as data. docs/reference/metrics.md is made of it.
 */

interface Series {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

const counter = (help: string, ...labels: string[]): Series => ({ type: "counter", help, labels });
const gauge = (help: string, ...labels: string[]): Series => ({ type: "gauge", help, labels });
const histogram = (buckets: readonly number[], help: string, ...labels: string[]): Series => ({
  type: "histogram",
  help,
  labels,
  buckets,
});

const ARRIVAL = [0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120, 300, 600];
const TYPING = [3, 5, 8, 13, 20, 30, 45, 60, 90, 120, 180, 300, 600];
const HASHING = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

export const SERIES = {
  sallyport_sign_ins_total: counter("Logins that ended, by their acr and how", "acr", "result"),
  sallyport_tokens_issued_total: counter("Tokens given out", "grant"),
  sallyport_password_checks_total: counter("Passwords tried, and what came of them", "result"),
  sallyport_password_check_seconds: histogram(HASHING, "From asking to the answer, the queue included"),
  sallyport_password_checks_waiting: gauge("Password checks that wait for their turn"),
  sallyport_password_checks_refused_total: counter(
    "Password checks turned away: too many waited, or too long",
  ),
  sallyport_codes_issued_total: counter("New codes; a resend of the same is none", "purpose", "country"),
  sallyport_sends_total: counter(
    "Texts (sms) and calls (call) handed to a gateway; result is accepted or why not",
    "kind",
    "purpose",
    "country",
    "gateway",
    "result",
  ),
  sallyport_receipts_total: counter(
    "What providers told of them later, one of each state a message came into",
    "status",
    "country",
    "gateway",
  ),
  sallyport_delivery_seconds: histogram(
    ARRIVAL,
    "From the send to the word that it arrived",
    "kind",
    "gateway",
  ),
  sallyport_code_checks_total: counter(
    "Codes typed; right over issued is the conversion",
    "purpose",
    "country",
    "result",
  ),
  sallyport_entry_seconds: histogram(TYPING, "From the send to the right code", "purpose"),
  sallyport_send_refusals_total: counter("Texts that were not sent, and by which limit", "purpose", "reason"),
  sallyport_spend_total: counter("What texts and calls are estimated to cost", "kind", "country"),
  sallyport_pauses_total: counter("Pauses: of a code's factor, or of passwords", "factor"),
  sallyport_factors_disabled_total: counter("Factors disabled after too many wrong codes", "factor"),
  sallyport_guard_decisions_total: counter(
    "Typed numbers that the pumping guard judged; observed is what protect would have blocked",
    "verdict",
    "country",
  ),
  sallyport_brake_on: gauge("1 while the brake on guessing is on"),
  sallyport_gateway_open: gauge("1 while a gateway is left alone because it only failed", "gateway"),
  sallyport_gateway_problems_total: counter("What somebody has to mend at a gateway", "gateway", "reason"),
  sallyport_notices_total: counter("Notices behind somebody's back", "notice"),
  sallyport_audit_events_total: counter("Events of the audit of this process", "kind"),
} as const satisfies Readonly<Record<string, Series>>;

export type SeriesName = keyof typeof SERIES;
