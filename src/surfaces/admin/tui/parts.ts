/** The parts of the console, in the order of their tabs. */

import { acrs } from "./screens/acrs.ts";
import { audit } from "./screens/audit.ts";
import { clients } from "./screens/clients.ts";
import { logs } from "./screens/logs.ts";
import { overview } from "./screens/overview.ts";
import { people } from "./screens/people.ts";
import { person } from "./screens/person.ts";
import { sessions } from "./screens/sessions.ts";
import { settings } from "./screens/settings.ts";
import type { Part } from "./switchboard.ts";

export const parts: readonly Part[] = [
  { name: "Overview", first: overview },
  { name: "Acrs", first: acrs },
  { name: "People", first: people },
  { name: "Clients", first: clients },
  { name: "Sessions", first: sessions },
  { name: "Audit", first: (desk) => audit(desk, undefined, person) },
  { name: "Settings", first: settings },
  { name: "Logs", first: logs },
];
