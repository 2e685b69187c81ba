/**
 * Remembered devices as the protocol sees them: which requests let one stand in, and the cookie that a browser is sent off
 * with. Whether one does stand in, core/stand-in.ts says.
 */
import type { LoginRecord } from "../../core/login.ts";
import { mayStandIn } from "../../core/remembered-settings.ts";
import type { Snapshot } from "../../core/settings.ts";
import type { StandIns } from "../../core/stand-in.ts";
import type { Clock } from "../../core/words.ts";
import type { Choice } from "./choice.ts";
import { clientSettings } from "./clients.ts";
import type { createVisits, Visit } from "./visitor.ts";

type Parameters = Readonly<Record<string, unknown>>;

/**
 * Whether this request lets a remembered device stand in. One that names an age (`max_age`) or wants the person to sign in
 * anew (`prompt=login`) wants factors that are shown.
 */
export function lets(
  params: Parameters,
  { mechanism, essential }: Extract<Choice, { kind: "acr" }>,
  snapshot: Snapshot,
): boolean {
  const client = String(params.client_id ?? "");
  const allowed = clientSettings(snapshot, client)?.allowed_acr_values;
  return (
    params.max_age === undefined &&
    params.enrol === undefined &&
    !String(params.prompt ?? "")
      .split(" ")
      .includes("login") &&
    mayStandIn(snapshot.rememberedDevices, { acr: mechanism.acr, client, essential, allowed })
  );
}

/** Makes the cookies of a browser whose device was remembered or has stood in; none for any other login. */
export const createDeviceCookies =
  (deps: {
    readonly secretOf: StandIns["secretOf"];
    readonly devicesCookie: ReturnType<typeof createVisits>["devicesCookie"];
    readonly now: Clock;
  }) =>
  (login: LoginRecord, { devices }: Visit): readonly string[] => {
    const given = deps.secretOf(login);
    if (given === undefined) return [];
    const { id, secret, until, instead } = given;
    // What other people of this browser are remembered by stays.
    const others = devices.filter((one) => one.id !== id && !instead.includes(one.id));
    const seconds = Math.max(0, Math.floor((until - deps.now()) / 1000));
    return [deps.devicesCookie([{ id, secret }, ...others], seconds)];
  };
