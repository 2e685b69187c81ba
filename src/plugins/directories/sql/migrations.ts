/** The table of people. Applied by the store that owns the database; ids of this plug-in are 0010 to 0019. */
import type { Migration } from "../../../kits/sql/database.ts";

const people: Migration = {
  id: "0010-people",
  up: ({ text, integer }) => [
    `create table people (
       id ${text} primary key, username ${text} not null, username_key ${text} not null unique,
       password_hash ${text}, status ${text} not null check (status in ('active', 'disabled')), claims ${text} not null,
       created_at ${integer} not null, updated_at ${integer} not null, password_changed_at ${integer})`,
  ],
};

/** In the order they are applied. */
export const migrations: readonly Migration[] = [people];
