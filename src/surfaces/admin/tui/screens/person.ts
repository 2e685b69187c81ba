/** One person: who they are, their factors, the ways that stand open, where they are signed in. */
import type { ApiAnswer } from "../../client/api.ts";
import { done, type Outcome } from "../../client/trouble.ts";
import type { Entry } from "../api.ts";
import type { Act, Desk, View } from "../desk.ts";
import { createList, type Loaded } from "../list.ts";
import type { Facts, Row } from "../rows.ts";
import { clean, commandLine, short, when } from "../words.ts";
import { audit } from "./audit.ts";
import {
  addingPhone,
  closingWays,
  disabling,
  endingSessions,
  givingRoles,
  openingWay,
  REASON,
  removing,
  removingFactor,
  rolesOf,
  type Who,
} from "./person-acts.ts";
import { deviceRow } from "./person-devices.ts";
import { passwordActs } from "./person-passwords.ts";
import { sessionRow } from "./session-rows.ts";

const ROLES = "jansAdminUIRole";

export function person(desk: Desk, inum: string, name: string): View {
  const { api } = desk;
  let one: Entry = {};
  let phones: readonly Entry[] = [];
  let etag: string | undefined;
  const who = (): Who => ({ inum, name, status: String(one.status) });

  /** What may not be looked at, or is not known to this server, is left out. */
  const listed = (answer: Outcome<ApiAnswer> | undefined): readonly Entry[] => {
    if (answer?.kind !== "done") return [];
    const { body } = answer.value;
    return Array.isArray(body)
      ? body
      : (((body as { entries?: readonly Entry[] })?.entries ?? []) as readonly Entry[]);
  };
  const maybe = (id: string) =>
    api.has(id) ? api.call(id, { values: { inum } }) : Promise.resolve(undefined);

  async function load(): Promise<Outcome<Loaded>> {
    const [found, held, factors, ways, devices, sessions] = await Promise.all([
      api.call("get-user-by-inum", { values: { inum } }),
      maybe("get-user-phones"),
      maybe("get-user-authenticators"),
      maybe("get-user-enrolment"),
      maybe("get-user-remembered-devices"),
      api.call("search-session", { query: { fieldValuePair: `userDn=${inum}`, limit: "50" } }),
    ]);
    if (found.kind !== "done") return found;
    one = found.value.body as Entry;
    etag = found.value.etag;
    phones = listed(held);
    const others = listed(factors).filter(({ kind }) => kind !== "sms");
    const rows = [
      ...grouped("Phones", phones.map(phoneRow), "none"),
      ...(others.length === 0 ? [] : grouped("Other factors", others.map(factorRow), "")),
      ...grouped("Ways to a new phone", listed(ways).map(wayRow), "none stands open"),
      ...grouped(
        "Remembered devices",
        listed(devices).map((device) => deviceRow(desk, who(), device)),
        "none",
      ),
      ...grouped(
        "Sessions",
        listed(sessions).map((session) => sessionRow(desk, session)),
        "not signed in anywhere",
      ),
    ];
    return done({ rows, facts: factsOf(one) });
  }

  function phoneRow(phone: Entry): Row {
    const id = String(phone.id);
    const number = clean(phone.number);
    return {
      id,
      cells: [number, clean(phone.country), `since ${short(phone.boundAt)}`, `by ${clean(phone.boundBy)}`],
      facts: [
        ["phone", number, "strong"],
        ["id", clean(id)],
        ["country", clean(phone.country)],
        ["verified", when(phone.verifiedAt)],
        ["bound", when(phone.boundAt)],
        ["by", clean(phone.boundBy)],
      ],
      acts: [
        {
          key: "x",
          label: "remove phone",
          run: () =>
            desk.ask({
              title: `Remove the phone ${number}`,
              about: ["Every session ends, and wrong codes are forgotten."],
              fields: [REASON],
              verb: "remove it",
              command: ({ reason }) => commandLine("user", "phone", "remove", name, id, ["--reason", reason]),
              async send({ reason = "" }) {
                const values = { inum, id };
                const answer = await api.call("delete-user-phone", { values, query: { reason } });
                return answer.kind === "done" ? done(`${name} no longer has the phone ${number}.`) : answer;
              },
            }),
        },
      ],
    };
  }

  const factorRow = (factor: Entry): Row => ({
    id: `factor ${clean(factor.id)}`,
    cells: [
      clean(factor.kind),
      clean(factor.label ?? ""),
      `since ${short(factor.boundAt)}`,
      `by ${clean(factor.boundBy)}`,
    ],
    facts: Object.entries(factor).map(([field, value]) => [clean(field), clean(value)] as const),
    acts: [removingFactor(desk, who(), String(factor.id), clean(factor.label ?? factor.kind))],
  });

  const wayRow = (way: Entry, at: number): Row => ({
    id: `way ${at}`,
    cells: [
      clean(way.by),
      clean(way.factor ?? "sms"),
      `until ${short(way.until)}`,
      `by ${clean(way.openedBy)}: ${clean(way.reason)}`,
    ],
    facts: [
      ["way", clean(way.by), "strong"],
      ["until", when(way.until)],
      ["opened by", clean(way.openedBy)],
      ["reason", clean(way.reason)],
    ],
    acts: [closingWays(desk, who())],
  });

  function edit(): void {
    let held = etag;
    const before = one;
    const text = (field: string) => String(before[field] ?? "");
    desk.ask({
      title: `Names of ${name}`,
      fields: [
        { name: "displayName", label: "Name", value: text("displayName") },
        { name: "givenName", label: "Given name", value: text("givenName") },
        { name: "mail", label: "Mail", value: text("mail") },
      ],
      verb: "save",
      command: () =>
        commandLine(
          "cli",
          "--operation-id",
          "patch-user-by-inum",
          "--url-suffix",
          `inum:${inum}`,
          "--data",
          "FILE",
        ),
      async send(values) {
        const changed = Object.entries(values).filter(([field, value]) => value !== text(field));
        const jsonPatchString = JSON.stringify(
          changed.map(([field, value]) =>
            value === "" ? { op: "remove", path: `/${field}` } : { op: "add", path: `/${field}`, value },
          ),
        );
        const answer = await api.call("patch-user-by-inum", {
          values: { inum },
          body: { jsonPatchString },
          ifMatch: held,
        });
        return answer.kind === "done" ? done(`Changed ${name}.`) : answer;
      },
      async theirs() {
        const answer = await api.call("get-user-by-inum", { values: { inum } });
        if (answer.kind !== "done") return answer;
        held = answer.value.etag;
        const now = answer.value.body as Entry;
        return done(
          Object.fromEntries(
            ["displayName", "givenName", "mail"].map((field) => [field, String(now[field] ?? "")]),
          ),
        );
      },
    });
  }

  const gone = (): void => {
    desk.back();
    desk.say({ text: `Removed ${name}.`, tone: "ok" });
  };

  const acts = (): readonly Act[] => [
    addingPhone(desk, who()),
    openingWay(desk, who(), false),
    openingWay(desk, who(), true),
    ...passwordActs(desk, who()),
    endingSessions(desk, who()),
    disabling(desk, who()),
    { key: "e", label: "edit names", run: edit },
    givingRoles(desk, who(), () => rolesOf(one)),
    { key: "t", label: "audit", run: () => desk.open(audit(desk, { subject: inum, of: name })) },
    { ...removing(desk, who(), gone), key: "X", label: "remove person" },
  ];

  return createList(
    {
      title: name,
      columns: [
        { title: "", width: 14, grow: 1 },
        { title: "", width: 15 },
        { title: "", width: 17 },
        { title: "", width: 16, grow: 2 },
      ],
      empty: "",
      mixed: true,
      search: "here",
      command: () => commandLine("user", "show", name),
      acts,
      load,
    },
    desk,
  );
}

/** Rows under a heading; one that says so where there are none. */
function grouped(group: string, rows: readonly Row[], none: string): readonly Row[] {
  const some: readonly Row[] = rows.length > 0 ? rows : [{ id: `no ${group}`, cells: [none], tone: "dim" }];
  return some.map((row, at) => (at === 0 ? { ...row, group } : row));
}

function factsOf(one: Entry): Facts {
  const claims = (
    (one.customAttributes ?? []) as readonly { name: string; value?: unknown; values?: unknown }[]
  ).filter((claim) => claim.name !== ROLES && claim.name !== "status");
  return [
    ["name", clean(one.displayName)],
    ["mail", clean(one.mail)],
    ["status", clean(one.status), one.status === "active" ? "ok" : "warn"],
    ["roles", rolesOf(one) || "none"],
    ...(one.passwordMustChange === true ? [["password", "has to be changed", "warn"] as const] : []),
    ["inum", clean(one.inum)],
    ["since", when(one.createdAt)],
    ...claims.map((claim) => [clean(claim.name), clean(claim.values ?? claim.value)] as const),
  ];
}
