/**
 * A script's module from inside: what it exports becomes a manifest or a fault, and a call by name becomes a call of one
 * of its functions. Runs in the script's own process (kits/script/child.ts), and in a test of whoever writes one.
 */
import type { Facts, Form, MechanismScript } from "./mechanism.ts";
import {
  type FactorScript,
  type Manifest,
  manifestSchema,
  type Ports,
  SCRIPT_METHODS,
  type ScriptLogin,
  type ScriptPerson,
} from "./script.ts";
import type { Json } from "./words.ts";

/** What can be asked of a module. */
export type ScriptCall =
  | { readonly act: "next"; readonly facts: Facts }
  | { readonly act: "held"; readonly person: ScriptPerson }
  | {
      readonly act: "prepare" | "view" | "authenticate";
      readonly step: "challenge" | "enrol";
      readonly login: ScriptLogin;
      readonly form?: Form | undefined;
    };

export interface ScriptModule {
  readonly mechanism?: MechanismScript | undefined;
  readonly factor?: FactorScript | undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** The manifest of what a module exports, or one sentence. */
export function describeModule(exported: Record<string, unknown>): Manifest | string {
  const { mechanism, factor } = exported;
  if (mechanism === undefined && factor === undefined)
    return exported.default === undefined
      ? "it exports neither `mechanism` nor `factor`; write export const mechanism = { … }"
      : "it has a default export, and `mechanism` or `factor` is looked for; write export const mechanism = { … }";
  for (const [name, value] of Object.entries({ mechanism, factor }))
    if (value !== undefined && !isObject(value)) return `${name} is not an object`;
  if (isObject(mechanism) && mechanism.next !== undefined && typeof mechanism.next !== "function")
    return "mechanism.next is not a function";
  if (isObject(factor)) {
    const missing = missingOf(factor);
    if (missing !== undefined) return missing;
  }
  const plain = {
    ...(isObject(mechanism)
      ? {
          mechanism: {
            requires: mechanism.requires,
            ...(mechanism.phoneAttribute === undefined ? {} : { phoneAttribute: mechanism.phoneAttribute }),
            decides: mechanism.next !== undefined,
          },
        }
      : {}),
    ...(isObject(factor)
      ? { factor: { kind: factor.kind, method: factor.method, enrols: factor.enrol !== undefined } }
      : {}),
  };
  const parsed = manifestSchema.safeParse(plain);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return `${issue?.path.join(".")}: ${issue?.message}`;
}

function missingOf(factor: Record<string, unknown>): string | undefined {
  if (!(SCRIPT_METHODS as readonly unknown[]).includes(factor.method))
    return `factor.method must be one of ${SCRIPT_METHODS.join(", ")}; the others are proved by the server itself`;
  if (typeof factor.held !== "function") return "factor.held is not a function";
  for (const step of ["challenge", "enrol"] as const) {
    const given = factor[step];
    if (given === undefined && step === "enrol") continue;
    if (!isObject(given)) return `factor.${step} is not an object`;
    for (const act of ["view", "authenticate"])
      if (typeof given[act] !== "function") return `factor.${step}.${act} is not a function`;
    if (given.prepare !== undefined && typeof given.prepare !== "function")
      return `factor.${step}.prepare is not a function`;
  }
  return undefined;
}

/** Does what is asked; throws what the module throws. */
export async function callModule(module: ScriptModule, call: ScriptCall, ports: Ports): Promise<unknown> {
  const { mechanism, factor } = module;
  if (call.act === "next") return mechanism?.next?.(call.facts);
  if (call.act === "held") return factor?.held(call.person, ports);
  const step = call.step === "challenge" ? factor?.challenge : factor?.enrol;
  if (step === undefined) throw new Error(`the factor has no ${call.step} step`);
  switch (call.act) {
    case "prepare":
      return (await step.prepare?.(call.login as ScriptLogin<null>, ports)) ?? null;
    case "view":
      return step.view(call.login, ports);
    case "authenticate":
      return step.authenticate(call.login, call.form ?? {}, ports);
  }
}

/** Asks the server for something by name; what it answers is plain data. */
export type Ask = (port: string, input: Json) => Promise<unknown>;

/** The ports of one call, over messages. */
export const portsOver = (ask: Ask, properties: Readonly<Record<string, string>>): Ports => ({
  property: (name) => (Object.hasOwn(properties, name) ? properties[name] : undefined),
  person: () => ask("person", null) as Promise<ScriptPerson>,
  authenticators: {
    list: () => ask("authenticators.list", null) as ReturnType<Ports["authenticators"]["list"]>,
    bind: async (data) => void (await ask("authenticators.bind", { data })),
    update: (id, version, data) => ask("authenticators.update", { id, version, data }) as Promise<boolean>,
  },
  sms: {
    send: () => ask("sms.send", null) as ReturnType<Ports["sms"]["send"]>,
    check: (code) => ask("sms.check", { code }) as ReturnType<Ports["sms"]["check"]>,
  },
  log: (text) => void ask("log", { text: String(text) }).catch(() => {}),
});
