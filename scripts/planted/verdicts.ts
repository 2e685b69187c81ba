/** A reporter for `node --test`: each test that ran, one JSON line, with what a failed assertion said. */
import type { TestEvent } from "node:test/reporters";

/** What became of one test. */
export interface Verdict {
  readonly name: string;
  readonly outcome: "passed" | "skipped" | "failed";
  /** The failure was an assertion's, not an exception on the way to it. */
  readonly asserted: boolean;
  readonly says: string;
}

/** Called by node with the events of a run. */
export default async function* verdicts(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    if (type === "test:pass") {
      const outcome = data.skip === undefined ? "passed" : "skipped";
      yield line({ name: data.name, outcome, asserted: false, says: "" });
    }
    if (type === "test:fail") {
      const { cause } = data.details.error as { cause?: { code?: string; message?: string } };
      const asserted = cause?.code === "ERR_ASSERTION";
      yield line({ name: data.name, outcome: "failed", asserted, says: String(cause?.message ?? cause) });
    }
  }
}

const line = (verdict: Verdict): string => `${JSON.stringify(verdict)}\n`;
