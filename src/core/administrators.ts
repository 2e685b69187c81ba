/** Who administers: asked of the directory whenever it matters, never remembered. */
import type { Authenticators } from "./authenticators.ts";
import type { Directory, User } from "./directory.ts";

/** More administrators than anybody has; those beyond get no notices. */
const MOST = 100;

/** Active people with the role admin. */
export async function activeAdministrators(directory: Directory): Promise<readonly User[]> {
  const filter = { role: "admin", status: "active" } as const;
  const { users } = await directory.list({ filter, sortBy: "username", limit: MOST });
  return users;
}

/** Whether an administrator has shown a second factor here: then there is a way in, and no other one is needed. */
export async function hasSecondFactor(
  administrators: readonly User[],
  authenticators: Authenticators,
): Promise<boolean> {
  for (const { id } of administrators) if ((await authenticators.list(id)).length > 0) return true;
  return false;
}

/** The directory, with a word said whenever somebody becomes an administrator, by whatever way that happens. */
export function watchAdministrators<D extends Directory>(
  directory: D,
  became: (user: User) => Promise<void>,
): D {
  const { write } = directory;
  if (write === undefined) return directory;
  const isAdmin = (user: User | undefined) => user?.roles.includes("admin") === true;
  return {
    ...directory,
    write: {
      ...write,
      async add(user) {
        const added = await write.add(user);
        if (added.kind === "done" && isAdmin(added.user)) await became(added.user);
        return added;
      },
      async change(id, change, ifVersion) {
        const before = change.roles?.includes("admin") === true ? await directory.get(id) : undefined;
        const changed = await write.change(id, change, ifVersion);
        if (changed.kind === "done" && before !== undefined && !isAdmin(before)) await became(changed.user);
        return changed;
      },
      async setRoles(id, roles, ifVersion) {
        const before = roles.includes("admin") ? await directory.get(id) : undefined;
        const changed = await write.setRoles(id, roles, ifVersion);
        if (changed.kind === "done" && before !== undefined && !isAdmin(before)) await became(before);
        return changed;
      },
    },
  };
}
