/** How much is logged, and how: a part of the settings, in the original's names. What is not sent stays as it is. */
import type { Fault, Logging, Settings, SettingsDocument } from "../../../core/settings.ts";
import { getLogging, type LoggingView, putLogging } from "../contract/logging.ts";
import { type Handler, handle, lost, refuseFaults } from "./call.ts";
import { etagOfView } from "./etag.ts";

const viewOf = (logging: Logging): LoggingView => ({
  loggingLevel: logging.level.toUpperCase(),
  loggingLayout: logging.layout,
  httpLoggingEnabled: logging.http,
  disableJdkLogger: true,
  enabledOAuthAuditLogging: logging.audit,
  httpLoggingExcludePaths: logging.httpExcludePaths,
});

/** Ours → the original's, for faults. */
const ownPath = (path: string): string =>
  path.replace(/^logging\./, "").replace(/^httpExcludePaths/, "httpLoggingExcludePaths");

export function loggingHandlers({ settings }: { readonly settings: Settings }): readonly Handler[] {
  const shown = ({ logging }: SettingsDocument) => {
    const body = viewOf(logging);
    return { body, etag: etagOfView(body) };
  };
  return [
    handle(getLogging, async () => shown(settings.document())),
    handle(putLogging, async ({ body, actor, ifMatch }) => {
      const faults: Fault[] = [
        ...(body.disableJdkLogger === false
          ? [
              {
                path: "disableJdkLogger",
                message: "is not done here: there is no JDK that could log; send true",
              },
            ]
          : []),
        ...((body.externalLoggerConfiguration ?? "") === ""
          ? []
          : [
              {
                path: "externalLoggerConfiguration",
                message: "is not done here: set loggingLevel and loggingLayout, and leave it out",
              },
            ]),
      ];
      if (faults.length > 0) return refuseFaults(faults);
      const next = (old: Logging): Logging => ({
        level: ((body.loggingLevel ?? "") || old.level).toLowerCase() as Logging["level"],
        layout: ((body.loggingLayout ?? "") || old.layout).toLowerCase() as Logging["layout"],
        http: body.httpLoggingEnabled ?? old.http,
        audit: body.enabledOAuthAuditLogging ?? old.audit,
        httpExcludePaths: body.httpLoggingExcludePaths ?? old.httpExcludePaths,
      });
      const [before, after] = [settings.document().logging, next(settings.document().logging)];
      const names = (Object.keys(after) as (keyof Logging)[]).filter(
        (name) => String(before[name]) !== String(after[name]),
      );
      const result = await settings.change({
        change: (document): SettingsDocument | "lost" =>
          ifMatch !== undefined && ifMatch !== etagOfView(viewOf(document.logging))
            ? "lost"
            : { ...document, logging: next(document.logging) },
        by: actor.label,
        address: actor.address,
        what: `logging: ${names.join(", ") || "no change"}`,
      });
      if (result.kind === "lost") return lost();
      if (result.kind === "faulty")
        return refuseFaults(result.faults.map((fault) => ({ ...fault, path: ownPath(fault.path) })));
      return shown(result.document);
    }),
  ];
}
