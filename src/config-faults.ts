/** What `sallyport.yaml` can have wrong in single values, in words for whoever writes it. Used by config.ts alone. */
import { z } from "zod";

/** An issuer is an origin: a path or query would not be stable. Every fault at once, so that it is mended once. */
export const issuer = z.string().superRefine((value, context) => {
  for (const message of issuerFaults(value)) context.addIssue({ code: "custom", message });
});

function issuerFaults(value: string): readonly string[] {
  if (!URL.canParse(value)) return ["must be a URL such as https://login.example.org"];
  const url = new URL(value);
  if (url.protocol !== "https:" && url.protocol !== "http:") return ["must begin with https://"];
  const origin = `https://${url.host}`;
  const bare = url.pathname === "/" && url.search === "" && url.hash === "" && url.username === "";
  return [
    ...(url.protocol === "http:" ? ["must begin with https:// (plain http is for the demo only)"] : []),
    ...(bare ? [] : [`must be an origin alone, without path or query: ${origin}`]),
    ...(bare && value !== url.origin
      ? [`must be written ${origin} (no slash at the end, lower case, no default port)`]
      : []),
  ];
}

/** `HOST:PORT`. */
export const listen = z
  .string({
    error: ({ input }) =>
      `must be HOST:PORT, for example 127.0.0.1:${typeof input === "number" ? input : 8080}`,
  })
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, "must be HOST:PORT, for example 127.0.0.1:8080")
  .refine((value) => Number(/\d+$/.exec(value)?.[0] ?? 0) <= 65_535, "must have a port up to 65535");

/** ISO 3166-1, as the file lists countries. */
export const country = z.string().superRefine((value, context) => {
  if (/^[A-Z]{2}$/.test(value)) return;
  const message = /^[a-z]{2}$/i.test(value)
    ? `must be in capitals: ${value.toUpperCase()}`
    : "must be ISO country codes such as DE";
  context.addIssue({ code: "custom", message });
});

/** zod's sentence, or ours where YAML has made something else of what was written. */
export const inYaml = (message: string): string =>
  /expected string, received (number|boolean)$/.test(message)
    ? "must be in quotes; without them YAML takes it for something else than text"
    : message;

/** The setting that a sentence is about: `clients` of `clients[0].client_id: …`. */
export const settingOf = (fault: string): string => /^\w+/.exec(fault)?.[0] ?? "";
