import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mintUuid } from "@flotilla/shared/contract/ids";
import {
  type ClientToServerEvents,
  type ServerToClientEvents,
  realtimeNamespace,
} from "@flotilla/shared/contract/realtime";
import { Server } from "socket.io";
import { aCampaign, fillWorld } from "./fill-world.ts";
import { type World, aParty, now } from "./world.ts";

const scopes = [
  "sessions:read",
  "sessions:write",
  "sessions:pair",
  "messages:read",
  "messages:send",
  "campaigns:read",
  "campaigns:write",
  "campaigns:run",
  "events:read",
];
type Answer = { status: number; body: unknown };
const ok = (body: unknown): Answer => ({ status: 200, body });
const problem = (status: number, code: string, detail: string): Answer => ({
  status,
  body: { type: `/problems/${code}`, title: code, status, detail, instance: "", code, request_id: mintUuid() },
});

/** Every service behind the page as one pretended server, see `world.ts`. `simulator` false leaves the bench out. */
export async function openFakePlatform({ simulator = true } = {}) {
  const world = fillWorld();
  const server = createServer((request, response) => void answer(request, response));
  const io = new Server<ClientToServerEvents, ServerToClientEvents>(server, { transports: ["websocket"] });
  const live = io.of(realtimeNamespace);
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const later = (ms: number, act: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timers.add(timer);
  };

  world.onEvent = (event) => {
    const batch = { log_id: world.logId, from: event.sequence - 1, to: event.sequence, events: [event] };
    for (const [id, socket] of live.sockets) {
      for (const topic of socket.rooms)
        if (topic !== id && !topic.startsWith("pairing:")) socket.emit("events", { topic, ...batch });
    }
  };
  world.onPairing = (update) => void live.to(`pairing:${update.session_id}`).emit("pairing", update);

  live.on("connection", (socket) => {
    const hello = { tenant: world.tenant, log_id: world.logId, head: world.head, server_time: now(), replica: "fake" };
    socket.emit("hello", { ...hello, limits: { topics: 50 } });
    const join = (topic: string, after: number | undefined) => {
      void socket.join(topic);
      const pairing = world.pairings.get(topic.slice("pairing:".length));
      if (pairing) socket.emit("pairing", pairing);
      const from = after ?? world.head;
      const events = world.log.slice(from);
      if (events.length > 0) socket.emit("events", { topic, log_id: world.logId, from, to: world.head, events });
      return { topic, ok: true as const, head: world.head, log_id: world.logId, replay: events.length > 0 };
    };
    socket.on("subscribe", ({ topics }, ack) => ack({ results: topics.map(({ topic, after }) => join(topic, after)) }));
    socket.on("resume", ({ topic, after }, ack) => ack({ results: [join(topic, after)] }));
    socket.on("unsubscribe", ({ topics }, ack) => {
      for (const topic of topics) void socket.leave(topic);
      ack({ ok: true });
    });
  });

  function pair(id: string): void {
    later(300, () => {
      world.moveSession(id, "awaiting_scan", { desired: "running" });
      world.offerCode(id, 1, 60_000);
    });
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(request.url ?? "/", "http://fake");
    const json = request.headers["content-type"]?.includes("json")
      ? (JSON.parse(text || "{}") as Record<string, never>)
      : {};
    const { status, body } = route(request.method ?? "GET", url, json, text);
    response.writeHead(status, { "content-type": "application/json", "x-request-id": mintUuid() });
    response.end(JSON.stringify(body));
  }

  function route(method: string, url: URL, json: Record<string, never>, text: string): Answer {
    const path = url.pathname.split("/").filter(Boolean);
    const [root, , name = "", id = "", verb = ""] = ["", ...path];
    void root;
    if (path[0] === "auth") return auth(path[2] ?? "", json);
    if (path[0] === "sim") return sim(method, path[3] ?? "", path[4] ?? "", json);
    switch (name) {
      case "me":
        return ok({
          tenant: { id: world.tenant, name: "Demo" },
          member: { id: mintUuid(), email: "demo@flotilla.test", role: "owner" },
          scopes,
          simulator,
        });
      case "overview":
        return ok(overview(world));
      case "sessions":
        return sessions(method, id, verb, url, json);
      case "chats":
        return chats(method, id, verb, url);
      case "messages":
        return messages(method, url, json);
      case "campaigns":
        return campaigns(method, id, verb, url, json, text);
      default:
        return problem(404, "not_found", "There is nothing here");
    }
  }

  function auth(what: string, json: Record<string, never>): Answer {
    if (what === "logout") return { status: 200, body: {} };
    if (json["password"] !== "demo-password") {
      return {
        status: 400,
        body: { code: "invalid_credentials", error_code: "invalid_credentials", msg: "Invalid login credentials" },
      };
    }
    const exp = Math.floor(Date.now() / 1000) + 3600;
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const user = {
      id: mintUuid(),
      aud: "authenticated",
      email: json["email"],
      app_metadata: {},
      user_metadata: {},
      created_at: now(),
    };
    return ok({
      access_token: `${part({ alg: "HS256" })}.${part({ sub: user.id, exp })}.c2ln`,
      token_type: "bearer",
      expires_in: 3600,
      expires_at: exp,
      refresh_token: "r",
      user,
    });
  }

  function sessions(method: string, id: string, verb: string, url: URL, json: Record<string, never>): Answer {
    if (id === "" && method === "GET") {
      const status = url.searchParams.get("status");
      return ok(world.page([...world.sessions.values()].filter((row) => status === null || row.status === status)));
    }
    if (id === "") {
      if ([...world.sessions.values()].some((row) => row.name === json["name"])) {
        return problem(409, "name_taken", "The name is in use");
      }
      const session = world.addSession(json["name"] ?? "", { display_name: json["display_name"] ?? null });
      pair(session.id);
      return { status: 201, body: session };
    }
    const session = world.sessions.get(id);
    if (!session) return problem(404, "not_found", "There is nothing here");
    if (method === "DELETE") {
      world.sessions.delete(id);
      world.publish("session.deleted", {}, { session, subject: id });
      return { status: 204, body: null };
    }
    if (verb === "stop") world.moveSession(id, "stopped", { desired: "stopped" });
    if (verb === "logout") world.moveSession(id, "logged_out", { desired: "stopped" });
    if (verb === "start" || verb === "restart") {
      world.moveSession(id, "starting", { desired: "running" });
      pair(id);
    }
    return ok(world.sessions.get(id));
  }

  function chats(method: string, id: string, verb: string, url: URL): Answer {
    const session = url.searchParams.get("session");
    if (id === "") {
      const rows = [...world.chats.values()]
        .filter((row) => session === null || row.session_id === session)
        .toSorted((one, other) => other.last_message_at.localeCompare(one.last_message_at));
      return ok(world.page(rows));
    }
    const chat = world.chats.get(id);
    if (!chat) return problem(404, "not_found", "There is nothing here");
    if (verb === "messages") return ok(world.page(world.messages.filter((row) => row.chat_id === id).toReversed()));
    if (verb === "read" && method === "POST") {
      chat.unread = 0;
      const owner = world.sessions.get(chat.session_id);
      world.publish("chat.read", { chat_id: id }, { ...(owner && { session: owner }), subject: id });
      return { status: 202, body: {} };
    }
    return ok(chat);
  }

  function messages(method: string, url: URL, json: Record<string, never>): Answer {
    if (method === "GET") {
      const filters = ["status", "direction"] as const;
      const session = url.searchParams.get("session");
      const rows = world.messages.filter(
        (row) =>
          (session === null || row.session_id === session) &&
          filters.every((key) => url.searchParams.get(key) === null || url.searchParams.get(key) === row[key]),
      );
      return ok(world.page(rows.toReversed()));
    }
    const session = world.sessions.get(json["session"] ?? "");
    const digits = String(json["to"]).replaceAll(/\D/g, "");
    if (!session) return problem(422, "validation_failed", "There is no such session");
    const body = (json["text"] as { body: string } | undefined)?.body ?? "";
    const party = [...world.chats.values()].find((chat) => chat.party.phone === `+${digits}`)?.party ?? aParty(digits);
    const message = world.addMessage(session, party, body);
    const account = session.phone?.replaceAll(/\D/g, "") ?? "";
    later(150, () => world.moveMessage(message.id, "sent"));
    later(350, () => {
      phoneLines(digits).push({
        id: message.id,
        chat: account,
        from_me: false,
        kind: "text",
        text: body,
        at: now(),
        status: "delivered",
      });
      world.moveMessage(message.id, "delivered");
    });
    later(700, () => world.moveMessage(message.id, "read"));
    return { status: 202, body: message };
  }

  function campaigns(
    method: string,
    id: string,
    verb: string,
    url: URL,
    json: Record<string, never>,
    text: string,
  ): Answer {
    const status = url.searchParams.get("status");
    if (id === "" && method === "GET") {
      return ok(world.page([...world.campaigns.values()].filter((row) => status === null || row.status === status)));
    }
    if (id === "") {
      const campaign = aCampaign(json["name"] ?? "", "draft", {});
      world.campaigns.set(campaign.id, campaign);
      return { status: 201, body: { ...campaign, upload: null } };
    }
    const campaign = world.campaigns.get(id);
    if (!campaign) return problem(404, "not_found", "There is nothing here");
    if (verb === "errors") {
      const value = "not a number";
      return ok({ part: 1, line: 4, code: "invalid_address", message: "not a phone number", value });
    }
    if (verb === "recipients") {
      const bad = text.includes("not a number") ? 1 : 0;
      const lines = text.trim().split("\n").length - 1 - bad;
      campaign.totals = {
        ...campaign.totals,
        received: campaign.totals.received + lines,
        planned: campaign.totals.planned + lines,
      };
      campaign.accepted += lines;
      campaign.totals = { ...campaign.totals, received: campaign.totals.received + bad, invalid: bad };
      const counts = { received: lines + bad, accepted: lines, duplicate: 0, suppressed: 0, invalid: bad };
      return ok({ part: 1, status: "complete", ...counts, errors_url: "", next_part: 2 });
    }
    const moves = { start: "running", pause: "paused", resume: "running", cancel: "canceled" } as const;
    const next = moves[verb as keyof typeof moves];
    if (next) {
      const previous = campaign.status;
      campaign.status = next;
      campaign.revision++;
      const data = { campaign_id: id, previous, status: next, reason: null, revision: campaign.revision };
      world.publish("campaign.status_changed", data, { subject: id });
      if (verb === "start") run(id);
    }
    return ok(campaign);
  }

  function run(id: string): void {
    const all = world.campaigns.get(id)?.accepted ?? 0;
    later(300, () => world.progress(id, { planned: 0, sent: all }, 600));
    later(600, () => {
      world.progress(id, { sent: 0, read: all }, null);
      const campaign = world.campaigns.get(id);
      if (!campaign) return;
      campaign.status = "completed";
      campaign.revision++;
      const data = {
        campaign_id: id,
        previous: "running",
        status: "completed",
        reason: null,
        revision: campaign.revision,
      };
      world.publish("campaign.status_changed", data, { subject: id });
    });
  }

  function phoneLines(phone: string) {
    const lines = world.phones.get(phone) ?? [];
    world.phones.set(phone, lines);
    return lines;
  }

  function sim(method: string, phone: string, verb: string, json: Record<string, never>): Answer {
    if (verb === "messages" && method === "GET") return ok({ messages: phoneLines(phone) });
    if (verb === "scan-qr") {
      const pairing = [...world.pairings.values()].find(({ value }) => value === json["qr"]);
      if (!pairing) return problem(404, "not_found", "No such code");
      const id = pairing.session_id;
      world.pairings.delete(id);
      later(100, () => {
        const session = world.sessions.get(id);
        const paired = { phone: `+${phone}`, lid: null, push_name: "Simulated" };
        world.publish("session.paired", paired, { ...(session && { session }), subject: id });
      });
      later(150, () => world.moveSession(id, "connecting", { phone: `+${phone}`, push_name: "Simulated" }));
      later(500, () => world.moveSession(id, "connected"));
      return ok({});
    }
    const to = json["to"] ?? "";
    const session = [...world.sessions.values()].find((row) => row.phone === `+${to}`);
    if (!session) return problem(404, "not_found", "Nobody has this number");
    const party = [...world.chats.values()].find((chat) => chat.party.phone === `+${phone}`)?.party ?? aParty(phone);
    const line = {
      id: mintUuid(),
      chat: to,
      from_me: true,
      kind: "text",
      text: json["text"] ?? "",
      at: now(),
      status: "sent",
    };
    phoneLines(phone).push(line);
    later(200, () => world.addMessage(session, party, json["text"] ?? "", { direction: "in", status: "delivered" }));
    return { status: 201, body: { id: line.id } };
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    world,
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearTimeout(timer);
      await io.close();
    },
  };
}

function overview(world: World) {
  const sessions: Record<string, number> = {};
  for (const { status } of world.sessions.values()) sessions[status] = (sessions[status] ?? 0) + 1;
  const counts: Record<string, number> = { "out.sent": 61, "out.delivered": 840, "out.read": 2377, "out.failed": 19 };
  for (const { direction, status } of world.messages) {
    counts[`${direction}.${status}`] = (counts[`${direction}.${status}`] ?? 0) + 1;
  }
  const waiting = { queued: 64, oldest_at: new Date(Date.now() - 130_000).toISOString() };
  return { sessions, messages: counts, waiting, sequence: world.head, log_id: world.logId };
}
