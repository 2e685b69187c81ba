/** Takes a person who is gone out of the tables that keep marks of them beside the audit. */
import type { Subject } from "../../../core/words.ts";
import { ask, type Database, statement, type Transaction } from "../../../kits/sql/database.ts";

const marks = statement("delete from authenticators where subject = $1");
/** Where this name did something: who it was becomes the pseudonym. */
const renames = [
  "update settings set made_by = $2 where made_by = $1",
  "update authenticators set bound_by = $2 where bound_by = $1",
  "update authenticators set removed_by = $2 where removed_by = $1",
].map((text) => statement(text));

export interface Forgotten {
  readonly subject: Subject;
  readonly name?: string | undefined;
  readonly pseudonym: string;
}

export const createForget = (database: Database) => (who: Forgotten) =>
  database.transact(function* (): Transaction<void> {
    yield* ask(marks, who.subject);
    if (who.name !== undefined) for (const rename of renames) yield* ask(rename, who.name, who.pseudonym);
    return { keep: undefined };
  });
