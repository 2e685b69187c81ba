/** The mechanism `simple_password_auth`: a password and nothing else. This file is the script's source. */
import { type BuiltInScript, composeMechanism } from "../../core/mechanism.ts";

export const simplePasswordAuth: BuiltInScript = {
  acr: "simple_password_auth",
  inum: "A51E-76DA",
  description: "Username and password",
  level: 10,
  properties: [],
  file: new URL(import.meta.url),
  create: ({ level, aliases }) =>
    composeMechanism({ acr: "simple_password_auth", level, aliases, requires: ["password"] }),
};
