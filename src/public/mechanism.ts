/**
 * `sallyport/mechanism`: the words a script of one's own is written in, for the server and for whoever writes one. The
 * server resolves this name by itself; the package exports it for editors and tests. Nothing else of ours may be
 * imported by a script.
 */
export { type Facts, type Form, type MechanismScript, nextInOrder, type Task } from "../core/mechanism.ts";
export type {
  FactorScript,
  OwnAuthenticator,
  Ports,
  Question,
  ScriptLogin,
  ScriptMethod,
  ScriptOutcome,
  ScriptPerson,
  ScriptStep,
} from "../core/script.ts";
export type { Json } from "../core/words.ts";
