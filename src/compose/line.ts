/** The line of gateways as the settings have it, with who is told of what an operator has to mend: the audit and the log. */
import type { Audit } from "../core/audit.ts";
import { createGatewayLine, type GatewayLine, problemWords } from "../core/gateway-line.ts";
import type { Settings } from "../core/settings.ts";
import type { Clock } from "../core/words.ts";
import type { Logger } from "../kits/log/log.ts";
import { createGateways } from "./gateway.ts";
import { sendsLog } from "./logs.ts";

export interface LineParts {
  readonly settings: Settings;
  readonly audit: Audit;
  readonly now: Clock;
  readonly log: Logger;
  /** Where the demo's texts go. */
  readonly apiBase: URL | undefined;
  readonly complain: (text: string) => void;
  readonly onProblem: (problem: unknown) => void;
}

export const composeLine = ({
  settings,
  audit,
  now,
  log,
  apiBase,
  complain,
  onProblem,
}: LineParts): GatewayLine =>
  createGatewayLine({
    entries: createGateways(() => settings.document(), apiBase),
    now,
    onTold: sendsLog(log),
    onProblem({ gateway, reason, providerCode = null, at }) {
      complain(`gateway ${gateway}: ${problemWords(reason)} (${providerCode ?? reason})`);
      audit
        .append({ kind: "gateway-problem", at, facts: { gateway, reason, providerCode } })
        .catch(onProblem);
    },
  });
