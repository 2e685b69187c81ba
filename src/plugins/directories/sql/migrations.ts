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

// `search` is what a pattern looks into, folded by search.ts; null: not made yet (rows from before this step).
const roles: Migration = {
  id: "0011-people-roles",
  up: ({ text, integer }) => [
    `alter table people add column roles ${text} not null default '[]'`,
    `alter table people add column version ${integer} not null default 1`,
    `alter table people add column search ${text}`,
    `alter table people add column email_key ${text}`,
    "create index people_by_age on people (created_at, id)",
    "create index people_by_change on people (updated_at, id)",
    "create index people_by_email on people (email_key) where email_key is not null",
    "create index people_with_roles on people (username_key) where roles <> '[]'",
    "create index people_unsearched on people (id) where search is null",
  ],
};

// The form of a hash that another server has made (kits/password/foreign.ts); null: our own, or none.
const hashForms: Migration = {
  id: "0012-people-hash-form",
  up: ({ text }) => [
    `alter table people add column hash_form ${text}`,
    "create index people_by_hash_form on people (hash_form) where hash_form is not null",
  ],
};

// Until when the password opens the page on which it is changed, and nothing else; null: it need not be changed.
const mustChange: Migration = {
  id: "0013-people-must-change",
  up: ({ integer }) => [`alter table people add column must_change_until ${integer}`],
};

// People are found by their whole name as well. What was searched for before is folded anew at the next start.
const names: Migration = {
  id: "0014-people-name",
  up: ({ text }) => [
    `alter table people add column name_key ${text}`,
    "create index people_by_name on people (name_key) where name_key is not null",
    "update people set search = null",
  ],
};

// What a provisioning client calls a person, and which client; unique for that client alone (decision 0026).
const external: Migration = {
  id: "0015-people-external-id",
  up: ({ text }) => [
    `alter table people add column external_id ${text}`,
    `alter table people add column external_client ${text}`,
    `create unique index people_by_external_id on people (external_id, external_client)
       where external_id is not null`,
  ],
};

/** In the order they are applied. */
export const migrations: readonly Migration[] = [people, roles, hashForms, mustChange, names, external];
