/**
 * `/twilio/status/<attempt>`: where a provider tells what became of a message. Owns that path and the bytes that come in
 * on it; who sent them and what they mean is found out behind the port it is given. Mounted by compose. It reads no
 * cookie, shows no page, and answers the same to every caller that is not the provider.
 */
import type { FastifyInstance } from "fastify";
import { EVERY_TYPE } from "../../kits/web/content-types.ts";

/** One request, as it came in. */
export interface IncomingReport {
  readonly attempt: string;
  readonly query: Readonly<Record<string, unknown>>;
  /** The public URL: the issuer's, with the path and query of the request line. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface CallbackOptions {
  readonly issuer: URL;
  readonly path: string;
  readonly take: (report: IncomingReport) => Promise<"taken" | "refused">;
}

/** Bytes; a status is a few hundred. */
const BODY_LIMIT = 16_384;

const single = (value: string | string[] | undefined) => (typeof value === "string" ? value : undefined);

export async function mountCallbacks(app: FastifyInstance, options: CallbackOptions): Promise<void> {
  const { path, take } = options;
  const { origin } = options.issuer;
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    // The signature is over the bytes: nothing parses them before.
    scope.addContentTypeParser(
      [...EVERY_TYPE],
      { parseAs: "buffer", bodyLimit: BODY_LIMIT },
      (_request, body, done) => done(null, body),
    );
    scope.post(`${path}/:attempt`, { bodyLimit: BODY_LIMIT }, async (request, reply) => {
      const { attempt } = request.params as { attempt: string };
      const outcome = await take({
        attempt,
        query: request.query as Readonly<Record<string, unknown>>,
        url: `${origin}${request.raw.url ?? ""}`,
        // What a report's signature may stand in; every other header is nobody's business here.
        headers: {
          "x-twilio-signature": single(request.headers["x-twilio-signature"]),
          "content-type": request.headers["content-type"],
        },
        body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
      });
      return reply.code(outcome === "taken" ? 204 : 403).send();
    });
  });
}
