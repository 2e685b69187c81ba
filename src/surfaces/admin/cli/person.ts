/** Finds a person by the name they sign in with. */
import { Failure } from "./screen.ts";
import type { Verb } from "./verb.ts";

/** As the original shows a person, what of it is used here. */
export interface Person {
  readonly inum: string;
  readonly userId: string;
  readonly displayName?: string;
  readonly mail?: string;
  readonly status?: string;
  readonly customAttributes?: readonly {
    readonly name: string;
    readonly value?: unknown;
    readonly values?: readonly unknown[];
  }[];
}

export async function findPerson(verb: Verb, name: string): Promise<Person> {
  // A comma would begin another condition; such a name is looked for among all that hold it.
  const query = /[,=]/.test(name) ? { pattern: name } : { fieldValuePair: `userId=${name}` };
  const found = (await verb.all("get-user", { query })) as unknown as readonly Person[];
  const exact = found.filter(({ userId }) => userId === name);
  const same =
    exact.length > 0 ? exact : found.filter(({ userId }) => userId.toLowerCase() === name.toLowerCase());
  const [person] = same;
  if (person !== undefined && same.length === 1) return person;
  throw new Failure({ kind: "refused", status: 404, text: `There is no user ${name}.` });
}

const ROLES = "jansAdminUIRole";

/** Their roles, by our names. */
export const rolesOf = ({ customAttributes = [] }: Person): readonly string[] => {
  const { values, value } = customAttributes.find(({ name }) => name === ROLES) ?? {};
  const all = values ?? (value === undefined ? [] : [value]);
  return all.map((role) => (role === "api-admin" ? "admin" : String(role)));
};

/** The attribute that gives them these roles. */
export const roleAttribute = (roles: readonly string[]) => ({
  name: ROLES,
  multiValued: true,
  values: roles.map((role) => (role === "admin" ? "api-admin" : role)),
});
