/** What the short verbs share: operations by id as the server's document has them, whole lists, and who it was. */
import type { ApiAnswer, Client } from "../client/api.ts";
import type { Outcome } from "../client/trouble.ts";
import { type ConnectionOptions, connect, documentView, pathOf } from "./connection.ts";
import { Failure, need } from "./screen.ts";

export interface Asked {
  /** Values of the path. */
  readonly values?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly ifMatch?: string | undefined;
}

type Entry = Readonly<Record<string, unknown>>;

export interface Verb {
  readonly client: Client;
  /** Ends the command with one sentence when the server has no such operation. */
  call(id: string, asked?: Asked): Promise<ApiAnswer>;
  /** All entries of a list, page after page; `most` ends it earlier. */
  all(id: string, asked?: Asked, most?: number): Promise<readonly Entry[]>;
  has(id: string): boolean;
}

const PAGE = 200;

export async function openVerb(options: ConnectionOptions): Promise<Verb> {
  const client = await connect(options);
  const { operations } = await documentView(client);
  const find = (id: string) => operations.find((one) => one.id === id || one.aliases.includes(id));
  async function call(id: string, { values = {}, query, body, ifMatch }: Asked = {}): Promise<ApiAnswer> {
    const operation = find(id);
    if (operation === undefined)
      throw new Failure({
        kind: "refused",
        status: 404,
        text: `The server at ${client.host} cannot do this: it has no operation ${id}.`,
      });
    const { method, bodyType } = operation;
    const path = pathOf(operation, values);
    return need(named(await client.ask({ method, path, query, body, bodyType, ifMatch }), values, query));
  }
  return {
    client,
    call,
    has: (id) => find(id) !== undefined,
    async all(id, asked = {}, most = Number.POSITIVE_INFINITY) {
      const found: Entry[] = [];
      let cursor: string | undefined;
      do {
        const limit = String(Math.min(PAGE, most - found.length));
        const query = { limit, ...asked.query, ...(cursor === undefined ? {} : { cursor }) };
        const { entries = [], next } = (await call(id, { ...asked, query })).body as {
          entries?: readonly Entry[];
          next?: string;
        };
        found.push(...entries);
        cursor = entries.length === 0 ? undefined : next;
      } while (cursor !== undefined && found.length < most);
      return found;
    },
  };
}

/** The original's sentence names no thing that is not there; what was asked for is put behind it. */
function named<T>(
  answer: Outcome<T>,
  values: Readonly<Record<string, string>>,
  query: Readonly<Record<string, string>> = {},
): Outcome<T> {
  if (answer.kind !== "refused" || answer.status !== 404) return answer;
  const [, thing] = /^The requested ([a-z ]+) doesn't exist$/.exec(answer.text) ?? [];
  const asked = thing === undefined ? undefined : (query[thing] ?? Object.values(values).at(-1));
  return asked === undefined ? answer : { ...answer, text: `${answer.text}: ${asked}` };
}

/** What is shown of a value in a line of text. */
export const shownAs = (value: unknown): string => {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map(shownAs).join(" ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
};
