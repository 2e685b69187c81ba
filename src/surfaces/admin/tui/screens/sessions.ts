/** Who is signed in, and where. */
import { done, type Outcome } from "../../client/trouble.ts";
import { pageOf } from "../api.ts";
import type { Desk, View } from "../desk.ts";
import { type Asked, createList, type Loaded } from "../list.ts";
import { commandLine } from "../words.ts";
import { person } from "./person.ts";
import { endingSessions } from "./person-acts.ts";
import { sessionRow } from "./session-rows.ts";

export function sessions(desk: Desk): View {
  const { api } = desk;

  async function load({ search, cursor }: Asked): Promise<Outcome<Loaded>> {
    const pair = search === "" || search.includes("=") ? search : `auth_user=${search}`;
    const page =
      pair === ""
        ? await pageOf(api, "get-sessions", {}, cursor)
        : await pageOf(api, "search-session", { query: { fieldValuePair: pair } }, cursor);
    if (page.kind !== "done") return page;
    const rows = page.value.entries.map((session) => {
      const row = sessionRow(desk, session, true);
      const inum = /^(?:inum=)?([^,]*)/.exec(String(session.userDn))?.[1] ?? "";
      const name = row.cells[0] ?? "";
      return {
        ...row,
        open: () => desk.open(person(desk, inum, name)),
        acts: [...(row.acts ?? []), endingSessions(desk, { inum, name, status: "" })],
      };
    });
    return done({ ...page.value, rows });
  }

  return createList(
    {
      title: "Sessions",
      columns: [
        { title: "PERSON", width: 16, grow: 2 },
        { title: "ACR", width: 14, grow: 1 },
        { title: "ADDRESS", width: 15, grow: 1 },
        { title: "SINCE (UTC)", width: 11 },
        { title: "UNTIL (UTC)", width: 11 },
      ],
      empty: "Nobody is signed in.",
      search: { hint: "a username, or acr=, remote_ip=, client_id= …" },
      command: (search) =>
        search === "" || search.includes("=")
          ? commandLine("session", "list")
          : commandLine("session", "list", "--user", search),
      load,
    },
    desk,
  );
}
