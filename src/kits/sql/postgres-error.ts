/** What PostgreSQL's and pg's errors mean to us (PostgreSQL manual, appendix A: SQLSTATE codes). */
import { Breakage } from "../../core/errors.ts";

/** Two transactions met and this one was undone; running it again is safe: serialization_failure, deadlock_detected. */
export function isConflict(error: unknown): boolean {
  const code = sqlState(error);
  return code === "40001" || code === "40P01";
}

/** A Breakage for what the server or the network did to us; an error without the row's values for the rest. */
export function toBreakage(error: unknown): unknown {
  if (error instanceof Breakage) return error;
  const code = sqlState(error);
  if (code === "XX001" || code === "XX002")
    return new Breakage("store-damaged", `PostgreSQL reports damaged data (${code}); restore a backup.`);
  if (isConflict(error))
    return new Breakage("store-conflict", "Too many processes write the same rows at the same time.", {
      cause: error,
      retryAfter: 1,
    });
  if (code === undefined || isTrouble(code)) return unavailable(error, code);
  return withoutValues(error as Error, code);
}

/** Connections, resources, an operator's act, authorization, a database that is not there. */
function isTrouble(code: string): boolean {
  return /^(08|25|28|53|55|57|58|3D)/.test(code);
}

/** The five characters of SQLSTATE; the codes of the operating system (ECONNREFUSED, …) are longer or shorter. */
function sqlState(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith("E") ? code : undefined;
}

function unavailable(error: unknown, state: string | undefined): Breakage {
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  const reasons: Record<string, string> = {
    "28P01": "it refuses the password",
    "28000": "it refuses the user",
    "3D000": "the database does not exist",
    "53300": "it has no connection left",
    "57014": "a statement took too long",
    ECONNREFUSED: "nobody listens at this address",
    ENOTFOUND: "the host name is unknown",
    ENOENT: "its socket is not there",
  };
  const reason = reasons[state ?? code ?? ""] ?? code ?? message ?? "no reason given";
  return new Breakage("store-unavailable", `PostgreSQL cannot be used: ${reason}.`, {
    cause: error,
    retryAfter: 5,
  });
}

/** Details of data exceptions and violated constraints quote the row: they stay out of every log. */
function withoutValues(error: Error, code: string): unknown {
  if (!/^(22|23)/.test(code)) return error;
  const { constraint } = error as { constraint?: string };
  const message = `PostgreSQL refused a value (${code}${constraint === undefined ? "" : `, ${constraint}`})`;
  return Object.assign(new Error(message), { code, constraint });
}
