import { isAdmin, type Group } from "../groups/group.ts";
import { applyToParticipants, describeGroup, leaveGroup, makeGroup, renameGroup } from "../groups/group-actions.ts";
import { mayChange, type ParticipantAction, type ParticipantResult } from "../groups/change-participants.ts";
import { groupNode, personAttributes } from "../groups/group-node.ts";
import { newInviteCode } from "../groups/group.ts";
import { decideRequests, joinByLink } from "../groups/join-requests.ts";
import { tellMembers } from "../groups/group-notices.ts";
import { type BinaryNode, child, children, node, textOf } from "../protocol/node.ts";
import type { IqAnswer, IqHandlers, IqRequest } from "./iq.ts";

const bad: IqAnswer = { error: { code: "400", text: "bad-request" } };
const forbidden: IqAnswer = { error: { code: "403", text: "forbidden" } };
const notFound: IqAnswer = { error: { code: "404", text: "item-not-found" } };
const gone: IqAnswer = { error: { code: "410", text: "gone" } };
const MAX_SUBJECT = 100;

/** Everything about groups (`w:g2`); shapes as Baileys 7.0.0-rc14 writes and reads them in Socket/groups. */
export const groupQueries: IqHandlers = {
  "set w:g2 create": ({ network, companion, subject }) => {
    const name = subject?.attrs["subject"];
    if (!name || name.length > MAX_SUBJECT) return bad;
    const phones = phonesIn(network, subject);
    const { group, results } = makeGroup(network, companion.address.phone, name, phones, subject?.attrs["key"]);
    const described = groupNode(group, network.addressing);
    // Who could not be added is listed too, with the reason.
    const refused = results.filter(({ error }) => error).map((result) => resultNode(network, result));
    return { content: [{ ...described, content: [...children(described), ...refused] }] };
  },
  "get w:g2 query": (request) =>
    asMember(request, (group) => ({ content: [groupNode(group, request.network.addressing)] })),
  "get w:g2 participating": ({ network, companion }) => {
    const groups = network.groups.of(companion.address.phone);
    return {
      content: [
        node(
          "groups",
          {},
          groups.map((group) => groupNode(group, network.addressing)),
        ),
      ],
    };
  },
  "set w:g2 add": (request) => participants(request, "add"),
  "set w:g2 remove": (request) => participants(request, "remove"),
  "set w:g2 promote": (request) => participants(request, "promote"),
  "set w:g2 demote": (request) => participants(request, "demote"),
  "set w:g2 leave": ({ network, companion, subject }) => {
    const left = children(subject).map(({ attrs }) => {
      const group = network.groups.get(attrs["id"]);
      const member = group?.participants.has(companion.address.phone);
      if (group && member) leaveGroup(network, group, companion.address.phone);
      return node("group", { id: attrs["id"], error: member ? undefined : "404" });
    });
    return { content: [node("leave", {}, left)] };
  },
  "set w:g2 subject": (request) =>
    asEditor(request, (group) => {
      const name = textOf(request.subject);
      if (!name || name.length > MAX_SUBJECT) return bad;
      renameGroup(request.network, group, request.companion.address.phone, name);
      return {};
    }),
  "set w:g2 description": (request) =>
    asEditor(request, (group) => {
      const { id, prev, delete: cleared } = request.subject?.attrs ?? {};
      // Somebody else changed it in between: the client has to look again.
      if ((prev ?? undefined) !== group.description?.id) return { error: { code: "409", text: "conflict" } };
      const body = cleared === "true" ? undefined : textOf(child(request.subject, "body"));
      describeGroup(request.network, group, request.companion.address.phone, id ?? "", body);
      return {};
    }),
  ...settings(),
  "get w:g2 invite": (request) =>
    request.subject?.attrs["code"] === undefined
      ? asAdmin(request, (group) => ({ content: [node("invite", { code: group.inviteCode })] }))
      : byCode(request, (group) => ({ content: [groupNode(group, request.network.addressing)] })),
  "set w:g2 invite": (request) =>
    request.subject?.attrs["code"] === undefined
      ? asAdmin(request, (group) => {
          group.inviteCode = newInviteCode();
          const invite = node("invite", { code: group.inviteCode });
          tellMembers(request.network, group, request.companion.address.phone, invite);
          return { content: [invite] };
        })
      : byCode(request, (group) => {
          const outcome = joinByLink(request.network, group, request.companion.address.phone);
          const tag = outcome === "waits" ? "membership_approval_request" : "group";
          return { content: [node(tag, { jid: group.id })] };
        }),
  "get w:g2 membership_approval_requests": (request) =>
    asAdmin(request, ({ requests }) => {
      const { addressing } = request.network;
      const waiting = [...requests].map(([phone, at]) =>
        node("membership_approval_request", { ...personAttributes(phone, addressing), request_time: String(at) }),
      );
      return { content: [node("membership_approval_requests", {}, waiting)] };
    }),
  "set w:g2 membership_requests_action": (request) =>
    asAdmin(request, (group) => {
      const list = children(request.subject)[0];
      if (list?.tag !== "approve" && list?.tag !== "reject") return bad;
      const { network, companion } = request;
      const results = decideRequests(network, group, companion.address.phone, list.tag, phonesIn(network, list));
      const nodes = results.map((result) => resultNode(network, result));
      return { content: [node("membership_requests_action", {}, [node(list.tag, {}, nodes)])] };
    }),
};

function participants(request: IqRequest, action: ParticipantAction): IqAnswer {
  const { network, companion, subject } = request;
  return asMember(request, (group) => {
    const actor = companion.address.phone;
    if (!mayChange(group, actor, action)) return forbidden;
    const results = applyToParticipants(network, group, actor, action, phonesIn(network, subject));
    const nodes = results.map((result) => resultNode(network, result));
    return { content: [node(action, {}, nodes)] };
  });
}

/** The switches that only admins turn, each by its own tag. */
function settings(): IqHandlers {
  const turn = (change: (group: Group, subject: BinaryNode | undefined) => void) => (request: IqRequest) =>
    asAdmin(request, (group) => {
      change(group, request.subject);
      if (request.subject) tellMembers(request.network, group, request.companion.address.phone, request.subject);
      return {};
    });
  return {
    "set w:g2 announcement": turn((group) => void (group.announce = true)),
    "set w:g2 not_announcement": turn((group) => void (group.announce = false)),
    "set w:g2 locked": turn((group) => void (group.locked = true)),
    "set w:g2 unlocked": turn((group) => void (group.locked = false)),
    "set w:g2 ephemeral": turn((group, subject) => void (group.ephemeral = Number(subject?.attrs["expiration"]))),
    "set w:g2 not_ephemeral": turn((group) => void (group.ephemeral = undefined)),
    "set w:g2 member_add_mode": turn((group, subject) => {
      group.membersAdd = textOf(subject) === "all_member_add";
    }),
    "set w:g2 membership_approval_mode": turn((group, subject) => {
      group.joinApproval = child(subject, "group_join")?.attrs["state"] === "on";
    }),
  };
}

function asMember({ network, companion, iq }: IqRequest, answer: (group: Group) => IqAnswer): IqAnswer {
  const group = network.groups.get(iq.attrs["to"]);
  if (!group) return notFound;
  return group.participants.has(companion.address.phone) ? answer(group) : forbidden;
}

function asAdmin(request: IqRequest, answer: (group: Group) => IqAnswer): IqAnswer {
  return asMember(request, (group) => (isAdmin(group, request.companion.address.phone) ? answer(group) : forbidden));
}

function asEditor(request: IqRequest, answer: (group: Group) => IqAnswer): IqAnswer {
  return asMember(request, (group) =>
    !group.locked || isAdmin(group, request.companion.address.phone) ? answer(group) : forbidden,
  );
}

function byCode({ network, subject }: IqRequest, answer: (group: Group) => IqAnswer): IqAnswer {
  const group = network.groups.byInvite(subject?.attrs["code"] ?? "");
  return group ? answer(group) : gone;
}

function phonesIn(network: IqRequest["network"], list: BinaryNode | undefined): string[] {
  return children(list).flatMap(({ attrs }) => network.accounts.resolve(attrs["jid"])?.account.number ?? []);
}

function resultNode(network: IqRequest["network"], { phone, error }: ParticipantResult): BinaryNode {
  return node("participant", { ...personAttributes(phone, network.addressing), error });
}
