/**
 * `sallyport users import FILE`: people of another server, with their ids, their old passwords and the phones that were
 * verified there. What is taken in stays; a run that was killed is simply run again. Phones are bound before the person
 * is there: whoever is there has therefore everything, and nobody has to be looked at twice.
 */
import { basename } from "node:path";
import type { Audit } from "../../../core/audit.ts";
import type { Authenticator, Authenticators, PhoneData } from "../../../core/authenticators.ts";
import type { BulkDirectory, BulkPeople } from "../../../core/bulk-people.ts";
import { usernameKey } from "../../../core/username.ts";
import type { Clock, Subject } from "../../../core/words.ts";
import type { AllowedCountries, Phones } from "../../../kits/phone/phones.ts";
import type { Said } from "./people.ts";
import { type Checked, checkPerson, type PhoneRule } from "./people-files/check.ts";
import { createProgress, type Terminal } from "./people-files/progress.ts";
import { type Format, lookAt, peopleOf } from "./people-files/read.ts";
import { createSeen } from "./people-files/seen.ts";
import { updatePerson } from "./update-people.ts";

export interface ImportDeps {
  readonly directory: BulkDirectory;
  readonly authenticators: Authenticators;
  readonly audit: Audit;
  readonly phones: Phones;
  readonly phoneKey: (e164: string) => string;
  readonly countries: AllowedCountries;
  readonly endAll: (subject: Subject, reason: string) => Promise<unknown>;
  readonly terminal: Terminal;
  readonly now: Clock;
}

export interface ImportOptions {
  readonly file: string;
  readonly format?: Format | undefined;
  readonly phones: PhoneRule;
  readonly country?: string | undefined;
  readonly dryRun?: boolean | undefined;
  /** Changes those who are there already (update-people.ts). */
  readonly update?: boolean | undefined;
}

/** People in one question and one insert: small enough that nobody waits for the lock of an embedded database. */
const BATCH = 100;
const KIND = "sms";

interface Counts {
  read: number;
  added: number;
  bound: number;
  there: number;
  changed: number;
  refused: number;
  notes: number;
  others: number;
}

/** Takes the people in; every problem is said with its line as it is met. */
export async function importPeople(deps: ImportDeps, options: ImportOptions): Promise<Said> {
  const { bulk } = deps.directory;
  if (bulk === undefined)
    return { ok: false, text: "People are kept in another directory; import them there." };
  const beginning = await lookAt(options.file, options.format).catch((problem: { code?: string }) => problem);
  if (!("format" in beginning))
    return { ok: false, text: `${options.file} cannot be read (${beginning.code ?? "unknown"}).` };
  const counts: Counts = {
    read: 0,
    added: 0,
    bound: 0,
    there: 0,
    changed: 0,
    refused: 0,
    notes: 0,
    others: 0,
  };
  const progress = createProgress(deps.terminal, beginning.size, deps.now);
  const name = basename(options.file);
  const record = (facts: Partial<Counts>) =>
    deps.audit.append({
      kind: "users-imported",
      at: deps.now(),
      facts: { by: "host", file: name, format: beginning.format, phones: options.phones, ...facts },
    });
  const refuse = (line: number, why: string) => {
    counts.refused += 1;
    progress.above(`${name}:${line}: ${why}`);
  };
  const batch = createBatch({ ...deps, bulk, options, counts, refuse, note: progress.above, name });
  let bytes = 0;
  if (options.dryRun !== true) await record({});
  try {
    for await (const row of peopleOf(options.file, beginning, (sum) => {
      bytes = sum;
    })) {
      if (row.kind === "fault") refuse(row.line, row.why);
      else if (row.kind === "other") counts.others += 1;
      else {
        counts.read += 1;
        const rule = { ...deps, rule: options.phones, country: options.country };
        const checked = checkPerson(row, rule);
        if (typeof checked === "string") refuse(row.line, checked);
        else await batch.add(checked);
      }
      progress.at(bytes, counts.read);
    }
    await batch.flush();
  } catch (problem) {
    if (!(problem instanceof SyntaxError)) throw problem;
    refuse(0, `${problem.message}; nothing behind it was read`);
    await batch.flush();
  } finally {
    progress.end();
  }
  if (options.dryRun !== true)
    await record({
      added: counts.added,
      bound: counts.bound,
      there: counts.there,
      changed: counts.changed,
      refused: counts.refused,
    });
  if (counts.read + counts.others + counts.refused === 0)
    return {
      ok: false,
      text: `Nobody was found in ${options.file} as ${beginning.format}; say what it is with --format.`,
    };
  return { ok: counts.refused === 0, text: summary(counts, beginning.format, options.dryRun === true) };
}

interface BatchDeps extends ImportDeps {
  readonly bulk: BulkPeople;
  readonly options: ImportOptions;
  readonly counts: Counts;
  readonly refuse: (line: number, why: string) => void;
  readonly note: (text: string) => void;
  readonly name: string;
}

function createBatch({ bulk, options, counts, refuse, note, name, ...deps }: BatchDeps) {
  const { authenticators, phoneKey, now } = deps;
  const dryRun = options.dryRun === true;
  // Where nothing is written, the database cannot tell two of one name in one file.
  const seen = dryRun ? createSeen() : undefined;
  let waiting: Checked[] = [];

  async function bind({ person, phone }: Checked): Promise<Authenticator | undefined> {
    if (phone === undefined) return undefined;
    const number = phone.number.reveal();
    const data: PhoneData = { number, country: phone.country, verifiedAt: now() };
    return authenticators.bind({
      subject: person.id,
      kind: KIND,
      key: phoneKey(number),
      data,
      boundBy: "import",
    });
  }

  function tell({ line, notes }: Checked): void {
    counts.notes += notes.length;
    for (const text of notes) note(`${name}:${line}: ${text}`);
  }

  /** Somebody who is there already. */
  async function meet(one: Checked): Promise<void> {
    counts.there += 1;
    if (options.update !== true) return;
    const updated = await updatePerson(deps, one, dryRun);
    if (updated.kind === "same") return;
    if (updated.kind === "changed") counts.changed += 1;
    else counts.notes += 1;
    if (dryRun || updated.kind === "left") note(`${name}:${one.line}: ${updated.said}`);
  }

  async function flush(): Promise<void> {
    const people = waiting;
    waiting = [];
    const found = await bulk.look(people.map(({ person }) => person));
    const fresh = people.filter((_, index) => found[index] === "new");
    const bound = dryRun ? [] : await Promise.all(fresh.map(bind));
    const taken = dryRun ? fresh.map(() => "new") : await bulk.take(fresh.map(({ person }) => person));
    let at = 0;
    for (const [index, one] of people.entries()) {
      let answer: string | undefined = found[index];
      if (answer === "new") {
        answer = taken[at];
        const phone = bound[at];
        at += 1;
        // Somebody came between the look and the insert: a phone of nobody must not stay.
        if (answer !== "new" && phone !== undefined)
          await authenticators.unbind(phone.id, "import", "the person was not taken in");
      }
      if (answer === "there") await meet(one);
      else if (answer === "new") {
        counts.added += 1;
        if (one.phone !== undefined) counts.bound += 1;
        tell(one);
      } else refuse(one.line, whoseWords(answer, one));
    }
  }

  return {
    async add(checked: Checked): Promise<void> {
      const { id, username } = checked.person;
      if (seen?.isNew(`id\0${id}`) === false)
        return refuse(checked.line, "the id stands in this file before");
      if (seen?.isNew(`name\0${usernameKey(username)}`) === false)
        return refuse(
          checked.line,
          `the username ${JSON.stringify(username)} stands in this file before, perhaps in another case`,
        );
      waiting.push(checked);
      if (waiting.length >= BATCH) await flush();
    },
    flush: async () => {
      if (waiting.length > 0) await flush();
    },
  };
}

const whoseWords = (answer: string | undefined, { person }: Checked): string =>
  answer === "external-id-taken"
    ? `the external_id ${JSON.stringify(person.external?.id)} of ${JSON.stringify(person.external?.client)} belongs to somebody else`
    : `the username ${JSON.stringify(person.username)} belongs to somebody else`;

function summary(counts: Counts, format: Format, dryRun: boolean): string {
  const { read, added, bound, there, changed, refused, notes, others } = counts;
  const words = dryRun ? ["would be added", "of them with a phone"] : ["added", "of them with a phone"];
  return [
    `${format}: ${read} people read. ${added} ${words[0]}, ${bound} ${words[1]}; ${there} were there already${changed === 0 ? "" : `, ${changed} of them ${dryRun ? "would be changed" : "changed"}`}; ${refused} refused.`,
    ...(notes === 0 ? [] : [`${notes} remarks above: these people are taken in, but not with everything.`]),
    ...(others === 0 ? [] : [`${others} entries are no people and were passed over.`]),
    ...(dryRun ? ["Nothing was written."] : []),
  ].join("\n");
}
