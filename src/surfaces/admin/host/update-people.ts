/**
 * People of a file who are here already, with `--update`: what the file says of them and is otherwise here. Never a phone,
 * never a password, never a right; whoever was closed here stays closed, and administrators are changed by name. What the
 * file does not say stays.
 */
import type { Audit } from "../../../core/audit.ts";
import type { Directory, PersonChange, User } from "../../../core/directory.ts";
import type { Clock, Subject } from "../../../core/words.ts";
import type { Checked } from "./people-files/check.ts";

export interface UpdateDeps {
  readonly directory: Directory;
  readonly audit: Audit;
  readonly endAll: (subject: Subject, reason: string) => Promise<unknown>;
  readonly now: Clock;
}

/** `said`: what was, or would be, changed, or why nothing is. */
export type Updated =
  | { readonly kind: "same" }
  | { readonly kind: "changed"; readonly said: string }
  | { readonly kind: "left"; readonly said: string };

/** What the file changes of a person as they are; names of what, for the audit and the trial run. */
function differenceOf(
  user: User,
  { person }: Checked,
): { readonly change: PersonChange; readonly names: readonly string[] } {
  const given = Object.entries(person.claims).filter(([, value]) => value !== undefined);
  const other = given.filter(([name, value]) => user.claims[name] !== value).map(([name]) => name);
  const claims: Record<string, string | boolean | undefined> = {
    ...user.claims,
    ...Object.fromEntries(given),
  };
  // Whoever takes another address has not shown that it is theirs, unless the file says so.
  if (other.includes("email") && person.claims.email_verified !== true) delete claims.email_verified;
  const closes = person.status === "disabled" && user.status === "active";
  const renames = person.username !== user.username;
  return {
    change: {
      ...(other.length === 0 ? {} : { claims }),
      ...(renames ? { username: person.username } : {}),
      ...(closes ? { status: "disabled" as const } : {}),
    },
    names: [...other, ...(renames ? ["username"] : []), ...(closes ? ["status"] : [])],
  };
}

/** Brings one person up to what the file says. */
export async function updatePerson(
  { directory, audit, endAll, now }: UpdateDeps,
  checked: Checked,
  dryRun: boolean,
): Promise<Updated> {
  const user = await directory.get(checked.person.id);
  if (user === undefined) return { kind: "same" };
  const { change, names } = differenceOf(user, checked);
  if (names.length === 0) return { kind: "same" };
  const { username } = user;
  if (user.roles.length > 0)
    return { kind: "left", said: `${JSON.stringify(username)} has a role and is not changed by a file` };
  const said = `${JSON.stringify(username)}: ${names.join(", ")}`;
  if (dryRun) return { kind: "changed", said };
  const { write } = directory;
  if (write === undefined) return { kind: "left", said: `${JSON.stringify(username)} is kept elsewhere` };
  await audit.append({
    kind: "user-changed",
    at: now(),
    subject: user.id,
    facts: {
      changed: names,
      by: "import",
      ...(change.status === undefined ? {} : { status: change.status }),
    },
  });
  // On the version that was compared: somebody may be changing the person at this moment.
  const done = await write.change(user.id, change, user.version);
  if (done.kind !== "done")
    return {
      kind: "left",
      said:
        done.kind === "username-taken"
          ? `${JSON.stringify(username)} is not changed: ${JSON.stringify(checked.person.username)} belongs to somebody else`
          : `${JSON.stringify(username)} is not changed (${done.kind}); run the same command again`,
    };
  if (change.status !== undefined) await endAll(user.id, "closed by an import");
  return { kind: "changed", said };
}
