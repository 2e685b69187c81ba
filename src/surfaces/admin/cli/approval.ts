/** What `sallyport approval …` asks the server. */
import { type HandedOver, handOverText } from "../client/hand-over.ts";
import type { ConnectionOptions } from "./connection.ts";
import { act, print, printJson, printTable } from "./screen.ts";
import { openVerb } from "./verb.ts";

interface Approval {
  readonly id: string;
  readonly state: string;
  readonly act: string;
  readonly userId: string;
  readonly askedBy: string;
  readonly reason: string;
  readonly until: string;
  readonly decidedBy?: string;
  readonly hasTicket: boolean;
}

export const list = (options: ConnectionOptions & { json?: boolean }): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const found = (await verb.call("get-approvals")).body as readonly Approval[];
    if (options.json === true) return printJson(found, true);
    printTable(
      ["ID", "STATE", "ACT", "USER", "ASKED BY", "REASON", "UNTIL", "DECIDED BY"],
      found.map((one) => [
        one.id,
        one.hasTicket ? `${one.state}, ticket` : one.state,
        one.act,
        one.userId,
        one.askedBy,
        one.reason,
        one.until,
        one.decidedBy ?? "",
      ]),
    );
  });

export const approve = (id: string, options: ConnectionOptions): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const {
      act: what,
      userId,
      askedBy,
      hasTicket,
    } = (await verb.call("post-approval-approve", { values: { id } })).body as Approval;
    print(
      `Done: ${what} of ${userId}.${hasTicket ? ` ${askedBy} gets the ${what === "set-password" ? "temporary password" : "ticket"}: sallyport approval ticket ${id}` : ""}`,
    );
  });

export const decline = (id: string, options: ConnectionOptions & { reason?: string }): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const query: Record<string, string> = options.reason === undefined ? {} : { reason: options.reason };
    const { body } = await verb.call("post-approval-decline", { values: { id }, query });
    const { act: what, userId } = body as Approval;
    print(`Declined: ${what} of ${userId}; nothing was done.`);
  });

export const ticket = (id: string, options: ConnectionOptions): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const { body } = await verb.call("post-approval-ticket", { values: { id } });
    const made = body as HandedOver;
    print(`${handOverText(made, "over")} ${made.ticket}`);
  });
