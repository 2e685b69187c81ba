/** New recovery codes: shown until the person says that they are kept, and only then in place of the old ones. */
import { randomBytes } from "node:crypto";
import type { RecoveryData } from "../../../core/authenticators.ts";
import type { Step } from "../../../core/mechanism.ts";
import { newCodes, normal } from "./code.ts";
import { KIND, type RecoveryCodeDeps } from "./deps.ts";

type State = { readonly codes: readonly string[] };

export function createRecoveryEnrol({ authenticators, binding, hash }: RecoveryCodeDeps): Step {
  return {
    async prepare(login) {
      const begun = await binding.begin(login, KIND, Number.POSITIVE_INFINITY);
      if (begun.kind === "stop") return begun;
      // A ticket or a first password is for something to sign in with; codes are for whoever has that already.
      if (begun.ticketNeeded || (await authenticators.list(begun.subject)).length === 0)
        return { kind: "stop", reason: "no-factor" };
      return { kind: "ready", state: { codes: newCodes() } };
    },
    async view(login) {
      const { codes } = login.state as State;
      const file = `data:text/plain;charset=utf-8,${encodeURIComponent(`${codes.join("\r\n")}\r\n`)}`;
      const { username, skippable = false } = login;
      return { page: { page: "recovery-codes", facts: { username, codes: [...codes], file, skippable } } };
    },
    async authenticate(login, form) {
      const { subject } = login;
      if (subject === undefined) return { kind: "stop", reason: "person-gone" };
      if (form.kept !== "yes") return { kind: "retry", notice: { key: "recovery.not-kept" } };
      const { codes } = login.state as State;
      const data: RecoveryData = { hashes: codes.map((code) => hash(subject, normal(code) ?? "")) };
      const key = randomBytes(16).toString("base64url");
      const bound = await binding.bind(login, { kind: KIND, key, data }, { label: "" });
      if (bound.kind === "stop") return bound;
      // Only those that came before: of two lists made at once the later one stays.
      const lists = await authenticators.list(subject, KIND);
      const own = lists.findIndex(({ id }) => id === bound.authenticator.id);
      for (const { id } of lists.slice(0, Math.max(0, own)))
        await authenticators.unbind(id, subject, "new recovery codes");
      return { kind: "proved", method: "otp" };
    },
  };
}
