/** Acts that wait for a second administrator, where the settings ask for one (`helpDesk.secondApproval`). */
import { z } from "zod";
import { DESK_ACTS } from "../../../core/help-desk-settings.ts";
import { operation } from "./operation.ts";
import { scopes } from "./scopes.ts";
import { name, pathPart, reason } from "./shapes.ts";

const TAG = "Approvals";
const BASE = "/mgt/approvals";
const id = z.object({ id: pathPart("Approval identifier") });

export const approvalShape = name(
  "Approval",
  z.object({
    id: z.string(),
    state: z
      .enum(["pending", "approved", "declined", "done", "failed"])
      .describe("approved: being carried out, or broken off on the way; it is not carried out again"),
    act: z.enum(DESK_ACTS),
    operation: z.string().describe("Id of the operation that is carried out"),
    inum: z.string().describe("Whom it is about"),
    userId: z.string(),
    askedBy: z.string(),
    reason: z.string(),
    askedAt: z.iso.datetime(),
    until: z.iso.datetime().describe("Then it is gone, and nothing was done"),
    decidedBy: z.string().optional(),
    why: z.string().optional().describe("Why it was declined, or could not be done"),
    hasTicket: z
      .boolean()
      .describe("A ticket or a temporary password waits for whoever asked: post-approval-ticket, once"),
  }),
);

export const getApprovals = operation({
  id: "get-approvals",
  method: "GET",
  path: BASE,
  tag: TAG,
  summary: "Lists acts that wait for a second administrator, and what became of those of the last hours",
  scope: scopes.approvalsRead,
  status: 200,
  answer: z.array(approvalShape),
});
export const postApprove = operation({
  id: "post-approval-approve",
  method: "POST",
  path: `${BASE}/{id}/approve`,
  tag: TAG,
  summary: "Approves an act of somebody else's on somebody else, which is carried out at once, once",
  scope: scopes.approvalsWrite,
  params: id,
  status: 200,
  answer: approvalShape,
  problems: [404, 409],
});
export const postDecline = operation({
  id: "post-approval-decline",
  method: "POST",
  path: `${BASE}/{id}/decline`,
  tag: TAG,
  summary: "Declines an act, or takes back what one has asked for",
  scope: scopes.approvalsWrite,
  params: id,
  query: z.object({ reason: reason.default("") }),
  status: 200,
  answer: approvalShape,
  problems: [404, 409],
});
export const postApprovalTicket = operation({
  id: "post-approval-ticket",
  method: "POST",
  path: `${BASE}/{id}/ticket`,
  tag: TAG,
  summary: "Hands the ticket or the temporary password of an approved act to whoever asked for it, once",
  scope: scopes.enrolmentWrite,
  params: id,
  status: 200,
  answer: name(
    "ApprovalTicket",
    z.object({
      ticket: z.string().describe("Of set-password: the temporary password"),
      act: z.enum(DESK_ACTS),
      until: z.iso.datetime().optional().describe("How long it is good"),
      url: z.url().optional().describe("Where the person types it"),
    }),
  ),
  problems: [404],
});

/** All of this file, in the order they are listed. */
export const approvalOperations = [getApprovals, postApprove, postDecline, postApprovalTicket] as const;
