/** People: the directory in the original's shape. Every change is audited first and made on a version. */
import { applyPatch, type Operation as PatchOperation } from "rfc6902";
import { z } from "zod";
import type { Audit, AuditKind } from "../../../core/audit.ts";
import type { Directory, PeopleOrder, PersonChange, User, WriteRefusal } from "../../../core/directory.ts";
import type { DeskAct } from "../../../core/help-desk-settings.ts";
import type { Notices } from "../../../core/notices.ts";
import type { Sessions } from "../../../core/sessions.ts";
import type { Fault } from "../../../core/settings.ts";
import { faultsOf } from "../../../core/settings-revisions.ts";
import type { Clock, Json, Subject } from "../../../core/words.ts";
import { jsonPatches } from "../contract/shapes.ts";
import * as contract from "../contract/users.ts";
import { type CustomUser, customUser, type UserPatch } from "../contract/users.ts";
import {
  type Actor,
  type Call,
  type Handler,
  handle,
  lost,
  notFound,
  type Refusal,
  refuse,
  refuseFaults,
} from "./call.ts";
import { type Cursors, isRefusal, pairsOf } from "./lists.ts";
import type { PersonPhones } from "./person-phones.ts";
import type { Rights } from "./rights.ts";
import { typed } from "./typed.ts";
import { readUser, viewOf, withAttributes } from "./user-view.ts";

export interface UserDeps {
  readonly directory: Directory;
  readonly audit: Audit;
  readonly sessions: Sessions;
  readonly notices: Notices;
  readonly rights: Rights;
  readonly cursors: Cursors;
  readonly now: Clock;
  /** Whether the settings want a second administrator for it. */
  readonly takesTwo: (act: DeskAct) => boolean;
  /** Removes a person with everything that is kept about them (compose/removal.ts). */
  readonly removePerson: (
    subject: Subject,
    by: string,
    reason: string,
    ifVersion?: number,
  ) => Promise<{ readonly kind: "done" } | { readonly kind: "read-only" } | WriteRefusal>;
  readonly erasePerson: (subject: Subject, by: string) => Promise<Erased>;
  /** What a change of a person is worth where it says to which number codes go (person-phones.ts). */
  readonly phones: PersonPhones;
}

/** What came of erasing a person (compose/erasure.ts). */
type Erased =
  | { readonly kind: "erased"; readonly events: number }
  | { readonly kind: "nobody" | "read-only" | "changed-meanwhile" };

type Kept = Pick<Call<typeof contract.putUser>, "actor" | "ifMatch" | "externalId">;

const ORDERS: Readonly<Record<string, PeopleOrder>> = { userId: "username" };
/** A change of a person cannot wait: it is made on a version, and a password is not kept. */
const TAKES_TWO = refuse(
  409,
  "approval",
  "userPassword: a password takes two administrators here; ask for a temporary one (post-user-password)",
);
const READ_ONLY = refuse(400, "read-only", "people are kept in another directory; change them there");

const shown = (user: User) => ({ body: viewOf(user), etag: String(user.version) });
const versionOf = (ifMatch: string | undefined): number | undefined =>
  ifMatch === undefined ? undefined : /^\d{1,15}$/.test(ifMatch) ? Number(ifMatch) : -1;

export function userHandlers(deps: UserDeps): readonly Handler[] {
  const { directory, audit, sessions, rights, cursors, now } = deps;

  const record = (
    kind: AuditKind,
    { label, address, client }: Actor,
    subject: Subject,
    facts: Record<string, Json>,
  ) => audit.append({ kind, at: now(), subject, client, address, facts: { by: label, ...facts } });

  /** Another active person with this address, as far as can be said at this moment. */
  async function addressTaken(change: PersonChange, before: User | undefined): Promise<boolean> {
    const email = change.claims?.email;
    if (typeof email !== "string" || email === before?.claims.email) return false;
    const filter = { email, status: "active" } as const;
    const { users } = await directory.list({ filter, sortBy: "inum", limit: 2 });
    return users.some(({ id }) => id !== before?.id);
  }

  async function change(before: User, sent: CustomUser, { actor, ifMatch, externalId }: Kept) {
    const version = versionOf(ifMatch);
    if (version !== undefined && version !== before.version) return lost();
    const wanted = readUser(sent, before);
    if (isFaults(wanted)) return refuseFaults(wanted, "USER_UPDATE_ERROR");
    const changes = onlyChanged(before, { ...wanted, external: externalOf(externalId, actor, before) });
    const names = Object.keys(changes);
    if (names.length === 0) return shown(before);
    const refusal =
      (await rights.toChange(actor, before, "change a person")) ??
      (changes.roles === undefined
        ? undefined
        : await rights.toGive(actor, before, changes.roles, "change roles")) ??
      (await deps.phones.refuses(actor, before, changes));
    if (refusal !== undefined) return refusal;
    if (changes.password !== undefined && deps.takesTwo("set-password")) return TAKES_TWO;
    const { write } = directory;
    if (write === undefined) return READ_ONLY;
    if (await addressTaken(changes, before)) return taken("USER_UPDATE_ERROR", "email", sent.mail);
    await record("user-changed", actor, before.id, {
      changed: names,
      ...(changes.status === undefined ? {} : { status: changes.status }),
    });
    if (changes.roles !== undefined)
      await record("roles-changed", actor, before.id, { from: before.roles, to: changes.roles });
    // On the version that was weighed: had the person got more rights meanwhile, this would be another matter.
    const done = await write.change(before.id, changes, before.version);
    if (done.kind !== "done") return refusalOf(done, "USER_UPDATE_ERROR", sent);
    await deps.phones.changed(actor, before, changes);
    // Also on enabling: what was open before must not come back to life.
    if (changes.status !== undefined || changes.password !== undefined)
      await sessions.endAll(
        before.id,
        actor.label,
        changes.status === undefined ? "new password" : changes.status,
      );
    if (changes.password !== undefined) await deps.notices.send(before.id, { kind: "password-changed" });
    if (changes.status !== undefined)
      await deps.notices.send(before.id, {
        kind: changes.status === "active" ? "account-enabled" : "account-disabled",
      });
    return shown(done.user);
  }

  async function add(sent: CustomUser, { actor, externalId }: Kept) {
    const wanted = readUser(sent, undefined);
    if (isFaults(wanted)) return refuseFaults(wanted, "USER_CREATION_ERROR");
    const { username, password, claims, status, roles = [] } = wanted;
    if (username === undefined || password === undefined) {
      const missing = [
        ...(username === undefined ? ["userId"] : []),
        ...(password === undefined ? ["userPassword"] : []),
      ];
      return refuse(400, "USER_CREATION_ERROR", `Attributes Missing in request are {${missing.join(",")}}.`);
    }
    if (roles.length > 0) {
      const refusal = await rights.toGive(actor, undefined, roles, "add a person with roles");
      if (refusal !== undefined) return refusal;
    }
    const { write } = directory;
    if (write === undefined) return READ_ONLY;
    if (await addressTaken(wanted, undefined)) return taken("USER_CREATION_ERROR", "email", sent.mail);
    const external = externalOf(externalId, actor, undefined) ?? undefined;
    const added = await write.add({ username, password, claims, status, roles, external });
    if (added.kind !== "done") return refusalOf(added, "USER_CREATION_ERROR", sent);
    await record("user-added", actor, added.user.id, { username, roles });
    return shown(added.user);
  }

  async function list(query: z.output<typeof contract.getUsers.query>) {
    const { sortBy, sortOrder, limit, cursor } = query;
    const filter = filterOf(query.fieldValuePair);
    if (isRefusal(filter)) return filter;
    const name = `users ${sortBy} ${sortOrder}`;
    const place = cursor === undefined ? `${query.startIndex}|` : cursors.open(name, cursor);
    if (place === undefined) return refuse(400, "cursor", "cursor: is not one that this list has given out");
    const start = Number(place.slice(0, place.indexOf("|")));
    const after = place.slice(place.indexOf("|") + 1);
    const page = await directory.list({
      pattern: query.pattern,
      filter,
      sortBy: ORDERS[sortBy] ?? (sortBy as PeopleOrder),
      descending: sortOrder === "descending",
      limit: Math.max(1, limit),
      total: true,
      ...(after === "" ? { skip: start } : { after }),
    });
    const users = page.users.slice(0, limit);
    const end = start + users.length;
    return {
      body: {
        start,
        totalEntriesCount: page.total ?? 0,
        entriesCount: users.length,
        entries: users.map(viewOf),
        ...(page.next === undefined || limit === 0
          ? {}
          : { next: cursors.seal(name, `${end}|${page.next}`) }),
      },
    };
  }

  return [
    handle(contract.getUsers, ({ query }) => list(query)),
    handle(contract.getUser, async ({ params }) => {
      const user = await directory.get(params.inum);
      return user === undefined ? notFound("user") : shown(user);
    }),
    handle(contract.postUser, (call) => add(call.body, call)),
    handle(contract.putUser, async (call) => {
      const { inum } = call.body;
      if (inum == null) return refuse(400, "inum", "inum: is missing; it says who is meant");
      const user = await directory.get(inum);
      return user === undefined ? notFound("user") : change(user, call.body, call);
    }),
    handle(contract.patchUser, async (call) => {
      const user = await directory.get(call.params.inum);
      if (user === undefined) return notFound("user");
      const sent = patched(viewOf(user), call.body);
      return isFaults(sent) ? refuseFaults(sent, "USER_PATCH_ERROR") : change(user, sent, call);
    }),
    handle(contract.deleteUser, async ({ params, query, actor, ifMatch }) => {
      const user = await directory.get(params.inum);
      if (user === undefined) return notFound("user");
      const refusal = await rights.toChange(actor, user, "remove a person");
      if (refusal !== undefined) return refusal;
      const version = versionOf(ifMatch);
      if (version !== undefined && version !== user.version) return lost();
      const done = await deps.removePerson(user.id, actor.label, query.reason, user.version);
      if (done.kind === "done") return { body: undefined };
      return done.kind === "read-only" ? READ_ONLY : refusalOf(done, "USER_DELETE_ERROR", {});
    }),
    handle(contract.postErasure, async ({ params, actor }) => {
      const user = await directory.get(params.inum);
      const refusal = user === undefined ? undefined : await rights.toChange(actor, user, "erase a person");
      if (refusal !== undefined) return refusal;
      const done = await deps.erasePerson(params.inum, actor.label);
      if (done.kind === "erased") return { body: { events: done.events } };
      if (done.kind === "nobody") return notFound("user");
      return done.kind === "read-only" ? READ_ONLY : lost();
    }),
  ];
}

/** What differs from what is there: a person put back as they were read is not changed. */
function onlyChanged(
  before: User,
  { username, password, status, claims, roles, external }: PersonChange,
): PersonChange {
  return {
    ...(username === undefined || username === before.username ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(status === undefined || status === before.status ? {} : { status }),
    ...(claims === undefined || same(claims, before.claims) ? {} : { claims }),
    ...(roles === undefined || same([...new Set(roles)].sort(), before.roles) ? {} : { roles }),
    ...(external === undefined || same(external ?? {}, before.external ?? {}) ? {} : { external }),
  };
}

/** A client names people for itself alone, and takes back no name but its own. undefined: it stays as it is. */
const externalOf = (
  id: string | null | undefined,
  { client }: Actor,
  before: User | undefined,
): PersonChange["external"] =>
  id != null ? { client, id } : id === null && before?.external?.client === client ? null : undefined;

const same = (one: object, other: object): boolean =>
  JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());

const taken = (code: string, what: "name" | "email", value: string | null | undefined): Refusal =>
  refuse(400, code, `User with same ${what} {${value ?? ""}} already exists!`);

function refusalOf(refusal: WriteRefusal, code: string, sent: CustomUser): Refusal {
  switch (refusal.kind) {
    case "unknown-user":
      return notFound("user");
    case "changed-meanwhile":
      return lost();
    case "username-taken":
      return taken(code, "name", sent.userId);
    case "external-id-taken":
      return refuse(400, code, "externalId: a user of whom you say this already exists");
    case "username-invalid":
      return refuse(400, code, `userId: ${refusal.why}`);
    case "password-refused":
      return refuse(400, code, `userPassword: ${refusal.why}`);
    case "role-unknown":
      return refuse(400, code, `${refusal.role} is no role`);
    case "kept-elsewhere":
      return refuse(
        409,
        code,
        "this person is kept in a directory that is changed elsewhere; change it there",
      );
  }
}

/** The view after the patch, or what is wrong with it. */
function patched(
  view: CustomUser,
  { jsonPatchString, customAttributes }: UserPatch,
): CustomUser | readonly Fault[] {
  const copy = structuredClone(view);
  if (jsonPatchString != null && jsonPatchString.trim() !== "") {
    const parsed = z.preprocess(fromText, jsonPatches).safeParse(jsonPatchString);
    if (!parsed.success)
      return [{ path: "jsonPatchString", message: "must be a JSON Patch (RFC 6902) as text" }];
    for (const [index, patch] of parsed.data.entries())
      if (!applied(copy, patch as PatchOperation))
        return [{ path: `jsonPatchString[${index}]`, message: `cannot be done at ${patch.path}` }];
  }
  const checked = customUser.safeParse(typed(copy, customUser));
  if (!checked.success) return faultsOf(checked.error);
  if (checked.data.inum !== view.inum) return [{ path: "inum", message: "cannot be changed" }];
  return withAttributes(checked.data, customAttributes ?? []);
}

function applied(view: CustomUser, patch: PatchOperation): boolean {
  try {
    return applyPatch(view, [patch])[0] === null;
  } catch {
    // A path that is no JSON Pointer.
    return false;
  }
}

function fromText(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}

const FILTERS: Readonly<Record<string, "username" | "email" | "status" | "role">> = {
  userId: "username",
  uid: "username",
  mail: "email",
  email: "email",
  status: "status",
  jansStatus: "status",
  role: "role",
  jansAdminUIRole: "role",
};

function filterOf(text: string): { [name: string]: string } | Refusal {
  const filter: Record<string, string> = {};
  for (const [name, value] of pairsOf(text)) {
    const field = FILTERS[name];
    if (field === undefined)
      return refuse(
        400,
        "fieldValuePair",
        `fieldValuePair: ${JSON.stringify(name)} is none of ${Object.keys(FILTERS).join(", ")}`,
      );
    const word = field === "status" ? statusWord(value) : value === "api-admin" ? "admin" : value;
    if (word === undefined)
      return refuse(400, "fieldValuePair", `fieldValuePair: ${name} must be active or inactive`);
    filter[field] = word;
  }
  return filter;
}

/** `true` is how the original's examples write active. */
const statusWord = (value: string): string | undefined =>
  /^(active|true)$/i.test(value)
    ? "active"
    : /^(inactive|disabled|false)$/i.test(value)
      ? "disabled"
      : undefined;

const isFaults = (made: object): made is readonly Fault[] => Array.isArray(made);
