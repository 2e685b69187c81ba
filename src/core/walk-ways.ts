/**
 * "Try another way": what else the person of a login could show. Never something that would lower the acr that was asked
 * for, never what the person does not hold. A way that was left is kept as it stood, so that coming back to it sends
 * nothing. Called by the walk alone; it writes nothing.
 */
import { STRENGTH } from "./authenticators.ts";
import { satisfies } from "./gate.ts";
import type { LoginRecord } from "./login.ts";
import type { Factor, Mechanism } from "./mechanism.ts";
import type { FactorKind } from "./words.ts";

/** `name`: what the form's field `way` says. `kind`: what is shown next on it. */
export type Way = {
  readonly name: string;
  readonly kind: FactorKind;
  /** undefined: the same acr, by another factor first. */
  readonly mechanism: Mechanism | undefined;
};

/** Ways that are a factor and no acr: who signs in at all, or what is shown before something is bound. */
const BY_FACTOR = "factor:";

export function createWays(factors: ReadonlyMap<string, Factor>) {
  const invites = (kind: FactorKind): boolean => factors.get(kind)?.invite !== undefined;

  const lowersNothing = (one: Mechanism, asked: Mechanism): boolean =>
    one.acr === asked.acr ||
    satisfies({ acr: one.acr, level: one.level, factors: one.requires, amr: [], authTime: 0 }, asked);

  async function holds(record: LoginRecord, kind: FactorKind, attribute: string | undefined, anew: boolean) {
    const { subject } = record;
    if (subject === undefined) return false;
    // What was read when the step was entered answers for a page; a form that chooses a way asks again.
    if (!anew && record.holds !== undefined && kind in STRENGTH && attribute === undefined)
      return record.holds.includes(kind);
    return (await factors.get(kind)?.held(subject, attribute)) === true;
  }

  /** The ways from here, in the order of the mechanisms. `anew`: nothing remembered is believed. */
  async function waysFrom(
    record: LoginRecord,
    mechanisms: readonly Mechanism[],
    anew = false,
  ): Promise<readonly Way[]> {
    const { subject, task, acr, extra } = record;
    if (extra !== undefined) return [];
    const ways: Way[] = [];
    // Who has no key yet says by the password who they are, and shows what they have before a key is bound.
    if (subject === undefined && invites(task.factor) && record.parked === undefined)
      ways.push({ name: `${BY_FACTOR}password`, kind: "password", mechanism: undefined });
    if (task.act === "challenge")
      for (const kind of record.stepUp ?? [])
        if (kind !== task.factor) ways.push({ name: `${BY_FACTOR}${kind}`, kind, mechanism: undefined });
    const asked = mechanisms.find((one) => one.acr === (record.asked ?? acr));
    if (record.essential === true || asked === undefined) return ways;
    const proved = record.proofs.map(({ factor }) => factor);
    for (const one of mechanisms) {
      const { requires } = one;
      if (one.acr === acr || requires.includes(task.factor) || !lowersNothing(one, asked)) continue;
      // A script of one's own is run for its own acr alone: whatever it does, nobody else's page waits for it.
      if (!requires.every((kind) => factors.has(kind))) continue;
      const missing = requires.filter((kind) => !proved.includes(kind));
      const parked = record.parked?.find((left) => left.acr === one.acr);
      const kind = parked?.task.factor ?? missing[0];
      if (kind === undefined) continue;
      const open =
        parked !== undefined ||
        (subject === undefined
          ? missing.every(invites)
          : (await Promise.all(missing.map((each) => holds(record, each, one.phoneAttribute, anew)))).every(
              Boolean,
            ));
      if (open) ways.push({ name: one.acr, kind, mechanism: one });
    }
    return ways;
  }

  /** The login as it stands on that way; what it was on is kept for coming back. `anew`: its step has to be entered. */
  function turned(record: LoginRecord, way: Way): { readonly record: LoginRecord; readonly anew: boolean } {
    const { choosing: _chosen, rememberDays: _days, ...rest } = record;
    if (way.mechanism === undefined)
      return { record: { ...rest, task: { factor: way.kind, act: "challenge" } }, anew: true };
    const { acr, task, state, phoneAttribute } = record;
    const here = { acr, task, state, ...(phoneAttribute === undefined ? {} : { phoneAttribute }) };
    const others = (record.parked ?? []).filter((left) => left.acr !== way.name && left.acr !== acr);
    const back = record.parked?.find((left) => left.acr === way.name);
    const next = { ...rest, asked: record.asked ?? acr, acr: way.name, parked: [...others, here] };
    return back === undefined
      ? { record: next, anew: true }
      : { record: { ...next, ...back, phoneAttribute: back.phoneAttribute }, anew: false };
  }

  /** Of the ways from here: what invites a key on the page that asks who signs in, where one is as good as all that is asked for. */
  function inviting(record: LoginRecord, ways: readonly Way[]): Way | undefined {
    if (record.subject !== undefined || record.task.factor !== "password") return undefined;
    return ways.find(({ kind, mechanism }) => mechanism !== undefined && invites(kind));
  }

  return { waysFrom, turned, inviting };
}
