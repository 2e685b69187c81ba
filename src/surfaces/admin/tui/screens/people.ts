/** People: found by a part of their name, and added. */
import { done, type Outcome } from "../../client/trouble.ts";
import { type Entry, pageOf } from "../api.ts";
import type { Desk, View } from "../desk.ts";
import { type Asked, createList, type Loaded } from "../list.ts";
import type { Row } from "../rows.ts";
import { clean, commandLine, when } from "../words.ts";
import { approvals } from "./approvals.ts";
import { person } from "./person.ts";
import { disabling, removing, rolesOf } from "./person-acts.ts";

export function people(desk: Desk): View {
  const { api } = desk;

  async function load({ search, cursor }: Asked): Promise<Outcome<Loaded>> {
    const query: Record<string, string> = search === "" ? {} : { pattern: search };
    const page = await pageOf(api, "get-user", { query: { sortBy: "userId", ...query } }, cursor);
    if (page.kind !== "done") return page;
    return done({ ...page.value, rows: page.value.entries.map(rowOf) });
  }

  function rowOf(one: Entry): Row {
    const who = { inum: String(one.inum), name: String(one.userId), status: String(one.status) };
    const roles = rolesOf(one);
    return {
      id: who.inum,
      cells: [clean(who.name), clean(one.displayName), clean(one.mail), clean(one.status), roles],
      tone: one.status === "active" ? undefined : "dim",
      facts: [
        ["username", clean(who.name), "strong"],
        ["inum", clean(one.inum)],
        ["name", clean(one.displayName)],
        ["mail", clean(one.mail)],
        ["status", clean(one.status), one.status === "active" ? "ok" : "warn"],
        ["roles", roles],
        ["since", when(one.createdAt)],
        ["changed", when(one.updatedAt)],
      ],
      open: () => desk.open(person(desk, who.inum, who.name)),
      acts: [disabling(desk, who), removing(desk, who)],
    };
  }

  function add(): void {
    desk.ask({
      title: "Add a person",
      fields: [
        { name: "userId", label: "Username", required: true },
        { name: "userPassword", label: "Password", secret: true, required: true },
        { name: "givenName", label: "Given name" },
        { name: "familyName", label: "Family name" },
        { name: "mail", label: "Mail" },
      ],
      verb: "add",
      command: ({ userId = "", givenName, familyName, mail }) =>
        `${commandLine("user", "add", userId === "" ? "NAME" : userId, ["--given-name", givenName], ["--family-name", familyName], ["--email", mail])} < FILE`,
      async send({ userId = "", userPassword, givenName = "", familyName = "", mail = "" }) {
        const displayName = [givenName, familyName].filter((part) => part !== "").join(" ");
        const answer = await api.call("post-user", {
          body: {
            userId,
            userPassword,
            status: "active",
            ...(mail === "" ? {} : { mail }),
            ...(givenName === "" ? {} : { givenName }),
            ...(displayName === "" ? {} : { displayName }),
            ...(familyName === "" ? {} : { customAttributes: [{ name: "sn", value: familyName }] }),
          },
        });
        return answer.kind === "done" ? done(`Added ${userId}.`) : answer;
      },
    });
  }

  return createList(
    {
      title: "People",
      columns: [
        { title: "USERNAME", width: 20, grow: 2 },
        { title: "NAME", width: 16, grow: 2 },
        { title: "MAIL", width: 20, grow: 2 },
        { title: "STATUS", width: 8 },
        { title: "ROLES", width: 6, grow: 1 },
      ],
      empty: "There is nobody here yet; a adds a person.",
      search: { hint: "a part of username, name or mail; Enter looks" },
      command: (search) => commandLine("user", "list", search === "" ? undefined : search),
      acts: () => [
        { key: "a", label: "add", run: add },
        ...(api.has("get-approvals")
          ? [{ key: "w", label: "approvals", run: () => desk.open(approvals(desk)) }]
          : []),
      ],
      load,
    },
    desk,
  );
}
