/** What an act makes for the person and an administrator hands over: in words that fit what it is. */

/** As the API answers it. */
export interface HandedOver {
  readonly ticket: string;
  /** The act that made it; an older server does not say. */
  readonly act?: string | undefined;
  readonly until?: string | undefined;
  readonly url?: string | undefined;
}

/** What to do with it, up to the colon behind which it stands; `to`: "to grace", "over". */
export function handOverText({ act, until, url }: Omit<HandedOver, "ticket">, to: string): string {
  const end = until === undefined ? "within 24 hours" : `until ${until}`;
  if (act === "set-password") return `Hand this password ${to}; it is good ${end}, to set another one:`;
  return `Hand this ticket ${to}; it works once, ${end}${url === undefined ? "" : `, at ${url}`}:`;
}
