/**
 * Every content type, for a scope that takes bodies as they are: Fastify remembers who parses a type that is named, and
 * reads a header anew that only "*" is for. Used where surfaces mount themselves.
 */
export const EVERY_TYPE: readonly string[] = ["application/x-www-form-urlencoded", "*"];
