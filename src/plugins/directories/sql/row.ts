/** A row of the table of people, and what it means. */
import type { User } from "../../../core/directory.ts";
import type { EpochMs, Subject } from "../../../core/words.ts";

export interface PersonRow {
  readonly id: Subject;
  readonly username: string;
  readonly password_hash: string | null;
  readonly status: User["status"];
  readonly claims: string;
  readonly roles: string;
  readonly version: number;
  readonly created_at: EpochMs;
  readonly updated_at: EpochMs;
  /** null: the password need not be changed. */
  readonly must_change_until: EpochMs | null;
}

/** The person in a row, without the hash; undefined for nobody's row, which costs the same. */
export function toUser(row: PersonRow): User;
export function toUser(row: Omit<PersonRow, "id"> & { readonly id: string | null }): User | undefined;
export function toUser(row: Omit<PersonRow, "id"> & { readonly id: string | null }): User | undefined {
  const { username, status, claims, roles, version, created_at, updated_at } = row;
  const user = {
    id: row.id ?? "",
    username,
    status,
    roles: JSON.parse(roles) as User["roles"],
    createdAt: created_at,
    updatedAt: updated_at,
    version,
    claims: JSON.parse(claims) as User["claims"],
    ...(row.must_change_until == null ? {} : { mustChange: true as const }),
  };
  return row.id === null ? undefined : user;
}
