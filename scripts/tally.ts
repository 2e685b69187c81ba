/** A reporter for `node --test`: writes the run's figures and the names of skipped tests as JSON (see groups.ts). */
import type { TestEvent } from "node:test/reporters";

/** What one group of tests came to. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** `test name (reason)` of each test that did not run. */
  readonly skipped: readonly string[];
}

/** Called by node with the events of a run; yields one JSON document at its end. */
export default async function* tally(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const skipped: string[] = [];
  let passed = 0;
  let failed = 0;
  for await (const event of events) {
    if (event.type === "test:pass" && event.data.skip !== undefined) {
      const { name, skip } = event.data;
      skipped.push(typeof skip === "string" && skip !== "" ? `${name} (${skip})` : name);
    }
    // The run's own summary names no file; the summary of each file does.
    if (event.type === "test:summary" && event.data.file === undefined) {
      const { counts } = event.data;
      passed = counts.passed;
      failed = counts.tests - counts.passed - counts.skipped - counts.todo;
    }
  }
  yield JSON.stringify({ passed, failed, skipped } satisfies Tally);
}
