import type { Campaign } from "@flotilla/shared/contract/http-campaigns";
import { mintUuid } from "@flotilla/shared/contract/ids";
import type { CampaignStatus, MessageStatus } from "@flotilla/shared/contract/statuses";
import { World, aParty } from "./world.ts";

const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
const none = {
  received: 0,
  invalid: 0,
  duplicate: 0,
  suppressed: 0,
  planned: 0,
  scheduled: 0,
  held: 0,
  queued: 0,
  sending: 0,
  unknown: 0,
  sent: 0,
  delivered: 0,
  read: 0,
  played: 0,
  failed: 0,
  canceled: 0,
  expired: 0,
};

export function aCampaign(name: string, status: CampaignStatus, totals: Partial<Campaign["totals"]>): Campaign {
  const all = { ...none, ...totals };
  return {
    id: mintUuid(),
    name,
    category: "utility",
    content: { type: "text", text: { body: "Hello {{first_name}}, your order {{order}} is ready to be picked up." } },
    sessions: [mintUuid(), mintUuid()],
    status,
    status_reason: null,
    totals: all,
    accepted: all.received - all.invalid - all.duplicate - all.suppressed,
    rate_per_minute: null,
    eta: null,
    default_region: null,
    ttl: 86_400,
    on_unknown: "resend_same_id",
    metadata: {},
    created_at: ago(34),
    started_at: status === "draft" ? null : ago(30),
    finished_at: status === "completed" ? ago(12) : null,
    revision: 1,
  };
}

/** A tenant in the middle of a day: accounts in several states, conversations, campaigns. */
export function fillWorld(): World {
  const world = new World();
  const sales = world.addSession("sales", {
    display_name: "Sales",
    status: "connected",
    phone: "+5511955550101",
    push_name: "Flotilla Sales",
    status_since: ago(190),
    paired_at: ago(4000),
  });
  world.addSession("support", {
    display_name: "Support",
    status: "connected",
    phone: "+5511955550102",
    status_since: ago(88),
  });
  world.addSession("recife-shop", {
    display_name: "Recife shop",
    status: "reconnecting",
    status_reason: "connection_lost",
    phone: "+5581955550103",
    status_since: ago(1),
  });
  world.addSession("old-phone", {
    display_name: "Old phone",
    status: "logged_out",
    status_reason: "removed_by_phone",
    desired: "stopped",
    status_since: ago(2900),
  });
  const people = [
    ["5511987650011", "Ana Ribeiro", "Perfect, I will pick it up at six."],
    ["5521987650012", "Marcos Lima", "Do you also have it in blue?"],
    ["4915112345678", null, "Danke, hat geklappt!"],
    ["5531987650014", "Júlia Castro", "Thank you!"],
    ["351912345678", null, "OK"],
  ] as const;
  people.forEach(([phone, name, answer], index) => {
    const party = aParty(phone, name);
    const minutes = 180 - index * 31;
    const out = (body: string, status: MessageStatus, at: number) =>
      world.addMessage(sales, party, body, { status, accepted_at: ago(at), revision: 5 });
    out(
      `Good morning${name === null ? "" : `, ${name.split(" ")[0]}`}! Your order 88${index + 12} is ready.`,
      "read",
      minutes,
    );
    world.addMessage(sales, party, answer, { direction: "in", status: "delivered", accepted_at: ago(minutes - 9) });
    if (index !== 1) out("Great, see you then. We are open until eight this evening.", "delivered", minutes - 12);
  });
  for (const chat of world.chats.values()) if (chat.party.display_name !== "Marcos Lima") chat.unread = 0;
  const running = aCampaign("Orders ready, week 12", "running", {
    received: 1000,
    invalid: 3,
    duplicate: 12,
    planned: 240,
    queued: 60,
    sending: 4,
    sent: 61,
    delivered: 210,
    read: 402,
    failed: 8,
  });
  running.rate_per_minute = 2280;
  running.eta = new Date(Date.now() + 190_000).toISOString();
  for (const campaign of [
    running,
    aCampaign("Opening hours", "paused", { received: 420, planned: 300, delivered: 40, read: 80 }),
    aCampaign("Invoice reminder", "completed", { received: 2500, invalid: 6, delivered: 590, read: 1893, failed: 11 }),
    aCampaign("Survey draft", "draft", {}),
  ]) {
    world.campaigns.set(campaign.id, campaign);
  }
  return world;
}
