import { z } from "zod";
import { isSharedChat } from "../envelope.ts";
import { participantActions } from "../groups/change-participants.ts";
import type { Group } from "../groups/group.ts";
import { joinByLink } from "../groups/join-requests.ts";
import { applyToParticipants, leaveGroup, makeGroup, renameGroup } from "../groups/group-actions.ts";
import type { Network } from "../network.ts";
import { Problem } from "./problem.ts";
import { type Route, route } from "./route.ts";
import { phoneNumber } from "./views.ts";

const byGroup = z.strictObject({ group: z.string().refine(isSharedChat, "is not a group's JID") });
const groupView = z
  .object({
    id: z.string(),
    subject: z.string(),
    description: z.string().nullable(),
    creator: z.string(),
    announce: z.boolean(),
    locked: z.boolean(),
    invite_code: z.string(),
    participants: z.array(z.object({ phone: z.string(), role: z.enum(["member", "admin", "superadmin"]) })),
  })
  .meta({ id: "Group" });
const results = z.array(z.object({ phone: z.string(), error: z.string().nullable() }));

/** Groups, and what people do to them; rights are not asked for here, so a test can make any situation. */
export function groupRoutes(network: Network): Route[] {
  const known = (id: string): Group => {
    const group = network.groups.get(id);
    if (!group) throw new Problem(404, "not_found", `There is no group ${id}.`);
    return group;
  };
  return [
    route({
      method: "get",
      path: "/sim/v1/groups",
      summary: "All groups, or those that a number is in",
      query: z.strictObject({ phone: phoneNumber.optional() }),
      response: z.object({ groups: z.array(groupView) }),
      handle: ({ query }) => {
        const groups = query.phone === undefined ? network.groups.all() : network.groups.of(query.phone);
        return { groups: groups.map(showGroup) };
      },
    }),
    route({
      method: "post",
      path: "/sim/v1/groups",
      summary: "A person makes a group",
      status: 201,
      body: z.strictObject({
        creator: phoneNumber,
        subject: z.string().min(1).max(100),
        participants: z.array(phoneNumber).max(1023).default([]),
      }),
      response: groupView,
      handle: ({ body }) => showGroup(makeGroup(network, body.creator, body.subject, body.participants).group),
    }),
    route({
      method: "get",
      path: "/sim/v1/groups/:group",
      summary: "One group",
      params: byGroup,
      response: groupView,
      handle: ({ params }) => showGroup(known(params.group)),
    }),
    route({
      method: "post",
      path: "/sim/v1/groups/:group/participants",
      summary: "A person adds, removes, promotes or demotes others, joins by the link, or leaves",
      params: byGroup,
      body: z.strictObject({
        by: phoneNumber,
        action: z.enum([...participantActions, "join", "leave"]),
        phones: z.array(phoneNumber).max(1023).default([]),
      }),
      response: z.object({ group: groupView, results }),
      handle: ({ params, body }) => {
        const group = known(params.group);
        const { action, by, phones } = body;
        if (action === "join") joinByLink(network, group, by);
        else if (action === "leave") leaveGroup(network, group, by);
        const changed =
          action === "join" || action === "leave" ? [] : applyToParticipants(network, group, by, action, phones);
        const shown = changed.map(({ phone, error }) => ({ phone, error: error ?? null }));
        return { group: showGroup(group), results: shown };
      },
    }),
    route({
      method: "post",
      path: "/sim/v1/groups/:group/subject",
      summary: "A person renames a group",
      params: byGroup,
      body: z.strictObject({ by: phoneNumber, subject: z.string().min(1).max(100) }),
      response: groupView,
      handle: ({ params, body }) => {
        const group = known(params.group);
        renameGroup(network, group, body.by, body.subject);
        return showGroup(group);
      },
    }),
  ];
}

function showGroup(group: Group): z.infer<typeof groupView> {
  return {
    id: group.id,
    subject: group.subject,
    description: group.description?.body ?? null,
    creator: group.creator,
    announce: group.announce,
    locked: group.locked,
    invite_code: group.inviteCode,
    participants: [...group.participants].map(([phone, role]) => ({ phone, role })),
  };
}
