/** The APIs of this server, and the tokens they take: each an audience of its own, so that a token for one opens no other. */
import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import { createAccessTokens, type OwnApi } from "../surfaces/oidc/access.ts";
import { type AdminParts, composeAdmin, ownApi } from "./admin.ts";
import { composeEnrolment, type EnrolmentParts, enrolmentApi } from "./enrolment-api.ts";

/** Every API, as the protocol surface knows them; the admin API first: it is meant where scopes of both are asked for. */
export const ownApis = (issuer: URL): readonly OwnApi[] => [ownApi(issuer), enrolmentApi(issuer)];

type ApiParts = Omit<AdminParts, "access" | "mechanisms" | "countries"> &
  Omit<EnrolmentParts, "access" | "version">;

/** Answers the help desk, which acts by the admin API's handlers. */
export async function composeApis(app: FastifyInstance, given: ApiParts): ReturnType<typeof composeAdmin> {
  const { served } = given;
  const { issuer } = given.parts.config;
  const tokensFor = (api: OwnApi) => createAccessTokens(() => served().engine.provider, api);
  const desk = await composeAdmin(app, {
    ...given,
    access: tokensFor(ownApi(issuer)),
    mechanisms: () => served().mechanisms,
    countries: () => served().snapshot.countries,
  });
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  await composeEnrolment(app, { ...given, access: tokensFor(enrolmentApi(issuer)), version });
  return desk;
}
