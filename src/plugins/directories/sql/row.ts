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
  /** null: no client has named the person. */
  readonly external_id: string | null;
  readonly external_client: string | null;
}

/** What a person is read by. */
export const COLUMNS =
  "id, username, password_hash, status, claims, roles, version, created_at, updated_at, must_change_until, external_id, external_client";

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
    ...(row.external_id == null
      ? {}
      : { external: { client: row.external_client ?? "", id: row.external_id } }),
  };
  return row.id === null ? undefined : user;
}
