/** What `sallyport user …` asks the server. */
import { inputLine } from "../client/input.ts";
import type { ConnectionOptions } from "./connection.ts";
import { findPerson, type Person, roleAttribute, rolesOf } from "./person.ts";
import { act, misused, print, printJson, printTable } from "./screen.ts";
import { openVerb, shownAs, type Verb } from "./verb.ts";

type Reasoned = ConnectionOptions & { readonly reason: string };
type Shown = ConnectionOptions & { readonly json?: boolean };

export const list = (word: string | undefined, options: Shown): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const query: Record<string, string> = word === undefined ? {} : { pattern: word };
    const people = (await verb.all("get-user", { query })) as unknown as readonly Person[];
    if (options.json === true) return printJson(people, true);
    printTable(
      ["USERNAME", "NAME", "MAIL", "STATUS", "ROLES"],
      people.map((one) => [
        one.userId,
        one.displayName ?? "",
        one.mail ?? "",
        one.status ?? "",
        shownAs(rolesOf(one)),
      ]),
    );
  });

export const show = (name: string, options: Shown): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const person = await findPerson(verb, name);
    const values = { inum: person.inum };
    const phones = verb.has("get-user-phones")
      ? ((await verb.call("get-user-phones", { values })).body as readonly Record<string, unknown>[])
      : [];
    if (options.json === true) return printJson({ ...person, phones }, true);
    const claims = (person.customAttributes ?? []).filter((one) => one.name !== "jansAdminUIRole");
    printTable(
      ["FIELD", "VALUE"],
      [
        ["username", person.userId],
        ["inum", person.inum],
        ["name", person.displayName ?? ""],
        ["mail", person.mail ?? ""],
        ["status", person.status ?? ""],
        ["roles", shownAs(rolesOf(person))],
        ...claims.map((one) => [one.name, shownAs(one.values ?? one.value)]),
        ...phones.map((phone) => ["phone", `${shownAs(phone.number)} ${shownAs(phone.country)}`]),
      ],
    );
  });

interface NewPerson extends ConnectionOptions {
  readonly givenName?: string;
  readonly familyName?: string;
  readonly email?: string;
}

export const add = (name: string, options: NewPerson): Promise<void> =>
  act(async () => {
    const { givenName, familyName, email } = options;
    const password = await inputLine();
    if (password === "")
      misused("No password came on standard input; pipe it in: sallyport user add NAME < password.txt");
    const verb = await openVerb(options);
    const displayName = [givenName, familyName].filter((part) => part !== undefined).join(" ");
    await verb.call("post-user", {
      body: {
        userId: name,
        userPassword: password,
        status: "active",
        ...(email === undefined ? {} : { mail: email }),
        ...(givenName === undefined ? {} : { givenName }),
        ...(displayName === "" ? {} : { displayName }),
        ...(familyName === undefined ? {} : { customAttributes: [{ name: "sn", value: familyName }] }),
      },
    });
    print(`Added ${name}.`);
  });

/** Changes attributes of a person as they are now: not of one whom somebody else changes at this moment. */
async function patch(verb: Verb, name: string, customAttributes: readonly unknown[]): Promise<Person> {
  const values = { inum: (await findPerson(verb, name)).inum };
  const { etag: ifMatch } = await verb.call("get-user-by-inum", { values });
  return (await verb.call("patch-user-by-inum", { values, body: { customAttributes }, ifMatch }))
    .body as Person;
}

export const setStatus = (
  name: string,
  status: "active" | "disabled",
  options: ConnectionOptions,
): Promise<void> =>
  act(async () => {
    const value = status === "active" ? "active" : "inactive";
    await patch(await openVerb(options), name, [{ name: "status", value }]);
    print(
      status === "active" ? `${name} can sign in again.` : `${name} is disabled: no sign-in, no new tokens.`,
    );
  });

export const remove = (name: string, options: Reasoned): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const { inum } = await findPerson(verb, name);
    await verb.call("delete-user", { values: { inum }, query: { reason: options.reason } });
    print(`Removed ${name}.`);
  });

export const erase = (name: string, options: ConnectionOptions & { readonly id?: boolean }): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const inum = options.id === true ? name : (await findPerson(verb, name)).inum;
    const { body } = await verb.call("post-user-erasure", { values: { inum } });
    const { events } = body as { events: number };
    print(`Erased ${name}; ${events} events of the audit keep what happened and nothing that names anybody.`);
  });

export const roles = (
  name: string,
  given: readonly string[],
  options: ConnectionOptions & { none?: boolean },
): Promise<void> =>
  act(async () => {
    if (options.none === true && given.length > 0) misused("Say either roles or --none.");
    const verb = await openVerb(options);
    const person =
      given.length === 0 && options.none !== true
        ? await findPerson(verb, name)
        : await patch(verb, name, [roleAttribute(given)]);
    const now = rolesOf(person);
    print(now.length === 0 ? `${name} has no roles.` : `${name} is ${now.join(", ")}.`);
  });

type By = "window" | "ticket";

async function open(
  verb: Verb,
  name: string,
  body: { by: By; reason: string; factor?: string; lost?: true },
): Promise<void> {
  const { inum } = await findPerson(verb, name);
  const { body: opened } = await verb.call("post-user-enrolment", { values: { inum }, body });
  const { by } = body;
  const what = body.factor === undefined || body.factor === "sms" ? "phone" : `factor ${body.factor}`;
  if (by === "window") return print(`${name} may bind a ${what} at the next sign-in, once, within 24 hours.`);
  const { ticket } = opened as { ticket: string };
  print(`Hand this ticket to ${name}; it works once, within 24 hours: ${ticket}`);
}

export const openEnrolment = (
  name: string,
  by: By,
  { factor, ...options }: Reasoned & { readonly factor?: string },
): Promise<void> =>
  act(async () => {
    const body = { by, reason: options.reason, ...(factor === undefined ? {} : { factor }) };
    await open(await openVerb(options), name, body);
  });

export const resetPhone = (name: string, by: By, options: Reasoned): Promise<void> =>
  act(async () => {
    await open(await openVerb(options), name, { by, reason: options.reason, lost: true });
  });
