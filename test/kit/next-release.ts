/** The program as the release after this one would be: the same with one more step of the schema. */
import { catalog } from "../../src/catalog.ts";
import type { Migration } from "../../src/kits/sql/database.ts";

const step: Migration = {
  id: "0099-next-release",
  up: ({ text, integer }) => [
    `alter table people add column nickname ${text} not null default ''`,
    `create table next_release (id ${integer} primary key)`,
    "create index people_by_nickname on people (nickname)",
  ],
};
(catalog.directories.sql.migrations as Migration[]).push(step);
await import("../../src/main.ts");
