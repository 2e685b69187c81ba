/** Puts the factor of codes by text together, for the sign-in and for whoever binds a phone by another authority. */
import type { Codes } from "../core/codes.ts";
import type { Devices } from "../core/device.ts";
import type { Enrolment } from "../core/enrolment.ts";
import type { GatewayLine } from "../core/gateway-line.ts";
import type { Factor } from "../core/mechanism.ts";
import type { CodePurpose } from "../core/message-texts.ts";
import type { AllowedCountries } from "../kits/phone/phones.ts";
import { createSmsFactor } from "../plugins/factors/sms/sms.ts";
import type { composeLimits } from "./limits.ts";
import { claimNamed } from "./own-scripts.ts";
import type { Parts } from "./parts.ts";

/** Answers what makes the factor: all of it the same but for who says that a phone may be bound. */
export function smsFactors(options: {
  readonly parts: Parts;
  readonly codes: Codes;
  readonly bounds: Pick<ReturnType<typeof composeLimits>, "factor" | "limits">;
  readonly devices: Devices;
  readonly line: Pick<GatewayLine, "hasNext">;
  readonly countries: () => AllowedCountries;
}): (enrolment: Enrolment, purpose?: CodePurpose) => Factor {
  const { parts, codes, bounds, devices, line, countries } = options;
  const { limits } = bounds;
  return (enrolment, purpose) =>
    createSmsFactor({
      ...parts,
      codes,
      ...bounds.factor,
      devices,
      noticeAfter: () => limits().noticeAfter,
      newNumberHours: () => parts.settings.document().portal.newNumberHours,
      claimOf: async (subject, name) => claimNamed(await parts.directory.get(subject), name),
      enrolment,
      countries,
      host: parts.config.issuer.hostname,
      canCall: () => line.hasNext("call", new Set()),
      mostSends: () => limits().sendsPerLogin,
      mostTries: () => limits().triesPerCode,
      ...(purpose === undefined ? {} : { purpose }),
    });
}
