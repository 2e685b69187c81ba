/** The tables of this store. A migration is never changed once released; a change is a new one. */
import type { Migration } from "../../../kits/sql/database.ts";

const records: Migration = {
  id: "0001-records",
  up: ({ text, bytes, integer }) => [
    `create table records (
       kind ${text} not null, key ${text} not null, bytes ${bytes} not null, version ${integer} not null,
       expires_at ${integer} not null, grp ${text}, made_at ${integer} not null, primary key (kind, key))`,
    "create index records_by_group on records (kind, grp, made_at) where grp is not null",
    "create index records_by_end on records (expires_at)",
  ],
};

const authenticators: Migration = {
  id: "0002-authenticators",
  up: ({ text, bytes, integer }) => [
    `create table authenticators (
       id ${text} primary key, subject ${text} not null, kind ${text} not null, key ${text} not null,
       data ${bytes} not null, bound_at ${integer} not null, bound_by ${text} not null, version ${integer} not null,
       removed_at ${integer}, removed_by ${text}, reason ${text})`,
    // What makes two parallel bindings of one number end as one row.
    "create unique index authenticators_once on authenticators (subject, kind, key) where removed_at is null",
    "create index authenticators_by_key on authenticators (kind, key) where removed_at is null",
    "create index authenticators_ever on authenticators (subject, kind)",
  ],
};

const audit: Migration = {
  id: "0003-audit",
  up: ({ text, integer, serial }, engine) => [
    `create table audit (
       seq ${serial}, at ${integer} not null, kind ${text} not null, subject ${text}, login ${text}, client ${text},
       address ${text}, facts ${text})`,
    "create index audit_by_subject on audit (subject, seq) where subject is not null",
    "create index audit_by_login on audit (login, seq) where login is not null",
    ...(engine === "sqlite"
      ? [
          `create trigger audit_stays before update on audit begin
             select raise(abort, 'the audit is append-only'); end`,
        ]
      : [
          `create function audit_stays() returns trigger language plpgsql as
             'begin raise exception ''the audit is append-only''; end'`,
          "create trigger audit_stays before update on audit for each row execute function audit_stays()",
        ]),
  ],
};

const keys: Migration = {
  id: "0004-keys",
  up: ({ text, bytes, integer }) => [
    `create table keys (
       id ${text} primary key, purpose ${text} not null, created_at ${integer} not null,
       active_from ${integer} not null, expires_at ${integer}, material ${bytes} not null)`,
  ],
};

const settings: Migration = {
  id: "0005-settings",
  up: ({ text, bytes, integer }) => [
    `create table settings (
       revision ${integer} primary key, at ${integer} not null, made_by ${text} not null, what ${text} not null,
       document ${bytes} not null)`,
  ],
};

const auditSeals: Migration = {
  id: "0006-audit-seals",
  up: ({ text, bytes, integer }, engine) => [
    `alter table audit add column signature ${text}`,
    `create table audit_seals (
       number ${integer} primary key, through ${integer} not null, at ${integer} not null, detail ${bytes} not null,
       previous ${bytes} not null, mac ${bytes} not null)`,
    ...["update", "delete"].flatMap((act) =>
      engine === "sqlite"
        ? [
            `create trigger audit_seals_stay_${act} before ${act} on audit_seals begin
               select raise(abort, 'the audit is append-only'); end`,
          ]
        : [
            `create trigger audit_seals_stay_${act} before ${act} on audit_seals
               for each row execute function audit_stays()`,
          ],
    ),
    engine === "sqlite"
      ? `create trigger audit_keeps before delete on audit begin
           select raise(abort, 'the audit is append-only'); end`
      : "create trigger audit_keeps before delete on audit for each row execute function audit_stays()",
  ],
};

// An event may lose what names somebody, and one that has lost it may be taken out; nothing else of it can be changed.
const erasure: Migration = {
  id: "0007-audit-erasure",
  up: (_types, engine) => {
    const kept = ["seq", "at", "kind", "subject", "login", "client"];
    const same = kept.map((column) => `new.${column} is not distinct from old.${column}`).join(" and ");
    const changed = `not (new.signature is not null and substr(new.signature, 1, 1) = '~' and ${same})`;
    const whole = "old.signature is null or substr(old.signature, 1, 1) <> '~'";
    const triggers = [
      ["audit_stays", "update", changed],
      ["audit_keeps", "delete", whole],
    ].flatMap(([name, act, when]) =>
      engine === "sqlite"
        ? [
            `drop trigger ${name}`,
            `create trigger ${name} before ${act} on audit when ${when} begin
               select raise(abort, 'the audit is append-only'); end`,
          ]
        : [
            `drop trigger ${name} on audit`,
            `create trigger ${name} before ${act} on audit for each row when (${when})
               execute function audit_stays()`,
          ],
    );
    return [...triggers, "create index audit_trims on audit (seq) where kind = 'audit-trimmed'"];
  },
};

const tallies: Migration = {
  id: "0008-tallies",
  up: ({ text, integer }) => [
    `create table tallies (
       kind ${text} not null, name ${text} not null, slot ${integer} not null, a ${integer} not null,
       b ${integer} not null, primary key (kind, name, slot))`,
    "create index tallies_by_slot on tallies (kind, slot)",
  ],
};

const smsBooks: Migration = {
  id: "0009-sms-books",
  up: ({ text, integer, serial }) => [
    `create table sms_decisions (seq ${serial}, at ${integer} not null, decision ${text} not null)`,
    "create index sms_decisions_by_time on sms_decisions (at)",
    `create table sms_spend (
       day ${text} not null, country ${text} not null, client ${text} not null, channel ${text} not null,
       count ${integer} not null, estimate ${integer} not null, settled ${integer} not null,
       actual ${integer} not null, primary key (day, country, client, channel))`,
  ],
};

/** SQLite finds what has expired without it (records-sweep.ts), and writes one page less for each row. */
const recordsByEnd: Migration = {
  id: "0016-records-by-end",
  up: (_types, engine) => (engine === "sqlite" ? ["drop index records_by_end"] : []),
};

/** Written by the embedded store alone; there on both engines, because a backup is brought from one to the other. */
const recordsLog: Migration = {
  id: "0017-records-log",
  up: ({ bytes, integer }, engine) => [
    `create table records_log (seq ${integer} primary key, entry ${bytes} not null)`,
    // A server of an older version that still runs knows nothing of the log: it fails instead of writing past it.
    ...(engine === "sqlite" ? ["insert", "update"] : []).map(
      (act) => `create trigger records_settled_${act} before ${act} on records
        when exists (select 1 from records_log where length(entry) > 0) begin
          select raise(abort, 'a newer version of the server writes to this database'); end`,
    ),
  ],
};

/** In the order they are applied; ids of this plug-in are 0001 to 0009, 0016 and 0017. */
export const migrations: readonly Migration[] = [
  records,
  authenticators,
  audit,
  keys,
  settings,
  auditSeals,
  erasure,
  tallies,
  smsBooks,
  recordsByEnd,
  recordsLog,
];
