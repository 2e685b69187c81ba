/**
 * One connection to one server: TLS, time limits, a limit of what an answer may weigh. It never comes back by itself: the
 * library would connect anew, without StartTLS and as nobody, so a second connection of one client is refused.
 */
import { connect as connectPlain, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import {
  type Change,
  Client,
  type ClientOptions,
  type Control,
  type Entry,
  ResultCodeError,
  type SearchOptions,
} from "ldapts";
import { Breakage } from "../../../core/errors.ts";
import { type LdapConfig, tlsName } from "./schema.ts";

/** The server has answered, and the answer is no (RFC 4511 §4.1.9). */
export class Refused extends Error {
  readonly code: number;
  /** What the server says of it; may name the account. */
  readonly said: string;
  constructor(code: number, said: string) {
    super(`the directory refused (result code ${code})`);
    this.code = code;
    this.said = said;
  }
}

const ENDED = "the connection has ended";
/** Bytes an answer may weigh: an entry of a person is some thousand. */
const MOST_BYTES = 4 << 20;

export interface Link {
  readonly isOpen: boolean;
  readonly url: string;
  /** Has done something before: then its end may be no news of the server, only of the connection. */
  isUsed: boolean;
  search(base: string, options: SearchOptions): Promise<readonly Entry[]>;
  bind(dn: string, password: string, controls?: Control[]): Promise<void>;
  modify(dn: string, changes: Change[], controls?: Control[]): Promise<void>;
  extended(oid: string, value: Buffer, controls?: Control[]): Promise<void>;
  close(): void;
}

type Wanted = Pick<LdapConfig, "start_tls" | "tls_name" | "connect_seconds" | "operation_seconds">;

/** Connects, and turns the connection into TLS before anything else is said. `ca`: PEM. */
export async function openLink(url: string, config: Wanted, ca: string | undefined): Promise<Link> {
  const name = tlsName(config, url);
  const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
  const tls: ConnectionOptions = {
    minVersion: "TLSv1.2",
    host,
    ...(name === undefined ? {} : { servername: name }),
    ...(ca === undefined ? {} : { ca }),
  };
  let socket: Socket | undefined;
  let connections = 0;
  let received = 0;
  const once = (secure: boolean) => {
    connections += 1;
    if (connections > (secure && startTls ? 2 : 1)) throw new Error(ENDED);
  };
  // After StartTLS the library no longer sees a connection end, and would wait for its time limit.
  let ended = false;
  const waiting = new Set<(problem: Error) => void>();
  const weigh = <S extends Socket>(one: S): S => {
    one.once("close", () => {
      ended = true;
      for (const reject of waiting) reject(new Error(ENDED));
    });
    one.on("data", (part: Buffer) => {
      received += part.length;
      if (received > MOST_BYTES) one.destroy(new Error(`an answer of more than ${MOST_BYTES} bytes`));
    });
    return one;
  };
  const secureUrl = url.startsWith("ldaps:");
  const startTls = !secureUrl && config.start_tls;
  const options: ClientOptions = {
    url,
    timeout: config.operation_seconds * 1000,
    connectTimeout: config.connect_seconds * 1000,
    createConnection: ((port: number, at: string) => {
      once(false);
      socket = weigh(connectPlain(port, at));
      return socket;
    }) as NonNullable<ClientOptions["createConnection"]>,
    createSecureConnection: ((first: number | ConnectionOptions, at: string, rest: ConnectionOptions) => {
      once(true);
      socket = weigh(typeof first === "number" ? connectTls(first, at, rest) : connectTls(first));
      return socket;
    }) as NonNullable<ClientOptions["createSecureConnection"]>,
    ...(secureUrl ? { tlsOptions: tls } : {}),
  };
  const client = new Client(options);
  let isUsed = false;

  async function told<T>(act: () => Promise<T>): Promise<T> {
    received = 0;
    let stop: (problem: Error) => void = () => {};
    try {
      if (ended) throw new Error(ENDED);
      const end = new Promise<never>((_, reject) => {
        stop = reject;
        waiting.add(reject);
      });
      return await Promise.race([act(), end]);
    } catch (problem) {
      if (problem instanceof ResultCodeError) throw new Refused(problem.code, problem.message);
      socket?.destroy();
      throw unavailable(`${url}: ${firstLine(problem)}`, problem);
    } finally {
      waiting.delete(stop);
    }
  }

  if (startTls) {
    // The handshake has no limit of its own in the library: a server that says yes and then nothing must not hold us.
    const limit = setTimeout(
      () => socket?.destroy(new Error("StartTLS took too long")),
      (config.connect_seconds + config.operation_seconds) * 1000,
    );
    try {
      await told(() => client.startTLS({ ...tls }));
    } catch (problem) {
      socket?.destroy();
      throw problem instanceof Refused
        ? unavailable(`${url}: the server refuses StartTLS, and nothing is sent without it`, problem)
        : problem;
    } finally {
      clearTimeout(limit);
    }
  }

  return {
    url,
    get isOpen() {
      return !ended && (connections === 0 || client.isConnected);
    },
    get isUsed() {
      return isUsed;
    },
    set isUsed(used) {
      isUsed = used;
    },
    search: (base, wanted) => told(async () => (await client.search(base, wanted)).searchEntries),
    // A DN without a name, or a password without a letter, would bind as nobody and succeed (RFC 4513 §5.1.2).
    bind: (dn, password, controls) =>
      told(async () => {
        if (dn === "" || password === "" || !dn.includes("="))
          throw new Error("a bind without a name or a password");
        await client.bind(dn, password, controls);
      }),
    modify: (dn, changes, controls) => told(() => client.modify(dn, changes, controls)),
    extended: (oid, value, controls) => told(async () => void (await client.exop(oid, value, controls))),
    close: () => socket?.destroy(),
  };
}

/** Nobody can be asked: `text` is for the operator alone. */
export const unavailable = (text: string, cause?: unknown, retryAfter = 5): Breakage =>
  new Breakage("directory-unavailable", text, { cause, retryAfter });

const firstLine = (problem: unknown): string =>
  problem instanceof Error ? (problem.message.split("\n")[0] ?? "") : "it failed";
