/** The one way in for bodies of our APIs: JSON of these types, bounded, and nothing that a form could send. */
import type { FastifyInstance } from "fastify";

/** A form or a text is what a page of another site could send; `bodyLimit` in bytes. Answers 400 to what is no JSON. */
export function takeJsonOnly(scope: FastifyInstance, types: readonly string[], bodyLimit: number): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser([...types], { parseAs: "string", bodyLimit }, (_request, text, done) => {
    try {
      done(null, JSON.parse(String(text)));
    } catch {
      done(Object.assign(new Error("not JSON"), { statusCode: 400 }));
    }
  });
}
