/**
 * What an account has: its senders, verified caller ids, money, and where it may send and call. Everything is in order and
 * every number asked for is the account's, unless a fault lays something else over the answer (`with`, faults.ts).
 */

import { createHash } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { pageJson, refusal, send } from "./answers.ts";
import { laidOver } from "./faults.ts";
import { fieldsOf } from "./messages.ts";

const COUNTRIES = ["AT", "BD", "BG", "CH", "DE", "ES", "FR", "GB", "IN", "IT", "NG", "TR", "US"];

/** An id that is the same for the same thing. */
const sidOf = (prefix: string, text: string): string =>
  prefix + createHash("sha256").update(text).digest("hex").slice(0, 32);

/** Resources below `/2010-04-01/Accounts/{account}`. */
export function mountAccount(api: FastifyInstance): void {
  const list = (
    path: string,
    name: string,
    asked: string,
    item: (value: string, account: string) => Readonly<Record<string, unknown>>,
  ) =>
    api.get(path, (request, reply) => {
      const { account } = request.params as { account: string };
      const value = fieldsOf(request.query)[asked];
      const items = value === undefined || value === "" ? [] : [item(value, account)];
      const uri = `/2010-04-01/Accounts/${account}${path}`;
      return reply.send(laidOver(request, pageJson(name, uri, items, 50)));
    });

  list("/IncomingPhoneNumbers.json", "incoming_phone_numbers", "PhoneNumber", (number, account) => ({
    account_sid: account,
    capabilities: { fax: false, mms: true, sms: true, voice: true },
    phone_number: number,
    sid: sidOf("PN", number),
    status: "in-use",
  }));
  list("/OutgoingCallerIds.json", "outgoing_caller_ids", "PhoneNumber", (number, account) => ({
    account_sid: account,
    phone_number: number,
    sid: sidOf("PN", number),
  }));
  list("/SMS/ShortCodes.json", "short_codes", "ShortCode", (code, account) => ({
    account_sid: account,
    short_code: code,
    sid: sidOf("SC", code),
  }));
  api.get("/Balance.json", (request, reply) => {
    const { account } = request.params as { account: string };
    return reply.send(laidOver(request, { account_sid: account, balance: "84.20", currency: "USD" }));
  });
}

/** Twilio's newer APIs, each of which has a host of its own there: accounts, voice, messaging. */
export function mountPermissions(api: FastifyInstance): void {
  api.get("/Messaging/GeoPermissions", (request, reply) => {
    const permissions = COUNTRIES.map((country_code) => ({
      country_code,
      type: "country",
      enabled: true,
      error_code: 0,
      error_messages: [],
    }));
    return reply.send(laidOver(request, { permissions }));
  });

  api.get("/DialingPermissions/Countries", (request, reply) => {
    const off = fieldsOf(request.query).LowRiskNumbersEnabled === "false";
    const content = (off ? [] : COUNTRIES).map((iso_code) => ({
      iso_code,
      low_risk_numbers_enabled: true,
      high_risk_special_numbers_enabled: false,
      high_risk_tollfraud_numbers_enabled: false,
    }));
    return reply.send(laidOver(request, page("content", request, content)));
  });

  const isService = (sid: string) => /^MG[0-9a-f]{32}$/i.test(sid);
  api.get("/Services/:sid", (request, reply) => {
    const { sid } = request.params as { sid: string };
    return isService(sid)
      ? reply.send(laidOver(request, { sid, friendly_name: "Codes", status_callback: null }))
      : send(reply, refusal(20404, 404, { path: request.url }));
  });
  const senders = (path: string, name: string, items: readonly unknown[]) =>
    api.get(`/Services/:sid/${path}`, (request, reply) =>
      reply.send(laidOver(request, page(name, request, items))),
    );
  const number = { phone_number: "+12025550100", capabilities: ["SMS", "MMS", "Voice"] };
  senders("PhoneNumbers", "phone_numbers", [number]);
  senders("ShortCodes", "short_codes", []);
  senders("AlphaSenders", "alpha_senders", []);
}

/** A page of a list as the newer APIs have it; there is no second one. */
const page = (key: string, { url }: FastifyRequest, items: readonly unknown[]) => ({
  [key]: items,
  meta: {
    key,
    page: 0,
    page_size: 50,
    first_page_url: url,
    previous_page_url: null,
    next_page_url: null,
    url,
  },
});
