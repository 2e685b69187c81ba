/** Devices on which a person is not asked for a code: as rows, and forgotten. */
import type { Entry } from "../api.ts";
import type { Act, Desk } from "../desk.ts";
import type { Row } from "../rows.ts";
import { clean, commandLine, short, when } from "../words.ts";
import { REASON, saying, type Who } from "./person-acts.ts";

/** One of them, with what forgets it or all. */
export function deviceRow(desk: Desk, who: Who, device: Entry): Row {
  const id = String(device.id);
  const agent = clean(device.agent) || "a browser";
  return {
    id: `device ${clean(id)}`,
    cells: [agent, clean(device.address), `code ${short(device.shownAt)}`, `until ${short(device.until)}`],
    facts: [
      ["device", agent, "strong"],
      ["id", clean(id)],
      ["address", clean(device.address)],
      ["acr", clean(device.acr)],
      ["last code", when(device.shownAt)],
      ["used", device.usedAt === undefined ? "never" : when(device.usedAt)],
      ["until", when(device.until)],
    ],
    acts: [forgetting(desk, who, id, agent), forgetting(desk, who, "all", "every device")],
  };
}

const forgetting = (desk: Desk, { inum, name }: Who, id: string, what: string): Act => ({
  key: id === "all" ? "a" : "x",
  label: id === "all" ? "forget all" : "forget device",
  run: () =>
    desk.ask({
      title: `Forget ${what} of ${name}`,
      about: ["The next sign-in there asks for a code. Sessions stay as they are."],
      fields: [{ ...REASON, required: false }],
      verb: "forget",
      command: ({ reason }) => commandLine("user", "device", "forget", name, id, ["--reason", reason]),
      send: async ({ reason = "" }) =>
        saying(
          await desk.api.call("delete-user-remembered-device", { values: { inum, id }, query: { reason } }),
          id === "all"
            ? `Every device of ${name} is asked for a code again.`
            : "The device is asked for a code again.",
        ),
    }),
});
