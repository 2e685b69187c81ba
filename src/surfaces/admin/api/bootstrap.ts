/** Creating the first administrator. Whatever is wrong with the token gets one answer, so that nobody learns which. */
import type { Bootstrap } from "../../../core/bootstrap.ts";
import { Secret } from "../../../core/secret.ts";
import { postBootstrap } from "../contract/bootstrap.ts";
import { type Handler, handle, refuse, refuseFaults } from "./call.ts";

export interface BootstrapDeps {
  readonly bootstrap: Bootstrap;
  readonly secondFactorAcrs: () => readonly string[];
}

export function bootstrapHandlers({ bootstrap, secondFactorAcrs }: BootstrapDeps): readonly Handler[] {
  return [
    handle(postBootstrap, async ({ body, actor }) => {
      const { token, userId, userPassword, mail, displayName } = body;
      const claims = {
        ...(mail === undefined ? {} : { email: mail }),
        ...(displayName === undefined ? {} : { name: displayName }),
      };
      const user = { username: userId, password: new Secret(userPassword), claims };
      const created = await bootstrap.create(token, user, actor.address);
      switch (created.kind) {
        case "done": {
          const { id, username } = created.user;
          return { body: { inum: id, userId: username, acrs: [...secondFactorAcrs()] } };
        }
        case "username-taken":
          return refuse(409, "There is one already", "userId: somebody has this username; choose another");
        case "username-invalid":
          return refuseFaults([{ path: "userId", message: created.why }]);
        case "password-refused":
          return refuseFaults([{ path: "userPassword", message: created.why }]);
        default:
          return refuse(
            403,
            "This token creates no administrator",
            "it is not known here, has run out, or was used; a server that has no administrator makes a new one when it starts",
          );
      }
    }),
  ];
}
