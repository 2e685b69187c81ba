/** The way from `sallyport tui` to a console: a terminal, a server, and somebody who may ask it. */
import process from "node:process";
import type { ApiAnswer } from "../client/api.ts";
import type { Outcome } from "../client/trouble.ts";
import { type ConnectionOptions, connect, documentView, pathOf } from "./connection.ts";
import { act, misused, need } from "./screen.ts";
import type { Asked } from "./verb.ts";

/** The server's operations by id, as a console asks them. */
interface ConsoleApi {
  readonly host: string;
  has(id: string): boolean;
  call(id: string, asked?: Asked): Promise<Outcome<ApiAnswer>>;
}

/** Runs the console until it is left. */
export type StartConsole = (
  api: ConsoleApi,
  environment: Readonly<Record<string, string | undefined>>,
) => Promise<void>;

export const openConsole = (options: ConnectionOptions, start: () => Promise<StartConsole>): Promise<void> =>
  act(async () => {
    if (process.stdin.isTTY !== true || process.stdout.isTTY !== true || process.env.TERM === "dumb")
      misused("The console needs a terminal on both ends; for scripts there are the other commands.");
    const client = await connect(options);
    const { operations } = await documentView(client);
    const find = (id: string) => operations.find((one) => one.id === id || one.aliases.includes(id));
    // Who is not signed in hears of it here, as with every other command. Who may not ask this may ask something else.
    const first = await client.ask({ method: "GET", path: "/api/v1/acrs" });
    if (first.kind === "unreachable" || (first.kind === "signed-out" && first.status !== 403)) need(first);
    await (await start())(
      {
        host: client.host,
        has: (id) => find(id) !== undefined,
        async call(id, { values = {}, query, body, ifMatch } = {}) {
          const operation = find(id);
          if (operation === undefined)
            return {
              kind: "refused",
              status: 404,
              text: `The server cannot do this: it has no operation ${id}.`,
            };
          const { method, bodyType } = operation;
          return client.ask({ method, path: pathOf(operation, values), query, body, bodyType, ifMatch });
        },
      },
      process.env,
    );
  });
