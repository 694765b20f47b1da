import {
  RefreshRequest,
  ResumeRequest,
  SubscribeRequest,
  UnsubscribeRequest,
} from "@flotilla/shared/contract/realtime";
import { AppError } from "@flotilla/shared/contract/problem";
import { monotonicMs } from "@flotilla/shared/runtime/clock";
import type { VerifyToken } from "@flotilla/shared/runtime/jwt";
import { bindIds, type Logger } from "@flotilla/shared/runtime/logger";
import type { z } from "zod";
import { createEventBudget } from "./event-budget.ts";
import type { Access } from "./ports.ts";
import { memberRoom, tenantRoom } from "./rooms.ts";
import type { RealtimeNamespace, RealtimeSocket } from "./socket-types.ts";
import { type Subscriptions, topicsPerSocket } from "./subscriptions.ts";
import { watchExpiry } from "./token-expiry.ts";

export interface ConnectionDeps {
  namespace: RealtimeNamespace;
  subscriptions: Subscriptions;
  access: Access;
  verifyToken: VerifyToken;
  replica: string;
  logger: Logger;
}

/** Serves one connection that the handshake let in, until it is gone. */
export function serveConnection(deps: ConnectionDeps, socket: RealtimeSocket): void {
  const { memberId, tenantId, feed } = socket.data;
  const log = bindIds(deps.logger, { tenantId, memberId, socketId: socket.id });
  const begun = monotonicMs();
  let expiry = watchExpiry(socket, socket.data.expiresAt);
  void socket.join([tenantRoom(tenantId), memberRoom(tenantId, memberId)]);
  log.info(`a dashboard connected; ${deps.namespace.sockets.size} on this replica`);
  socket.on("disconnect", (reason) => {
    expiry.stop();
    deps.subscriptions.forget(socket);
    const seconds = Math.round((monotonicMs() - begun) / 1_000);
    log.info(`a dashboard left after ${seconds} s (${reason}); ${deps.namespace.sockets.size} on this replica`);
  });
  limitEvents(socket);

  /** Only members still in the tenant may ask for more; one who is not any more is sent away, on every replica. */
  async function stillMember(): Promise<boolean> {
    const memberships = await deps.access.membershipsOf(memberId);
    const membership = memberships.find((one) => one.tenantId === tenantId);
    if (membership !== undefined) socket.data.role = membership.role;
    else deps.namespace.in(memberRoom(tenantId, memberId)).disconnectSockets(true);
    return membership !== undefined;
  }

  async function subscribe(
    topics: z.output<typeof SubscribeRequest>["topics"],
    ack: Parameters<Parameters<typeof socket.on<"subscribe">>[1]>[1],
  ): Promise<void> {
    if (await stillMember()) await deps.subscriptions.subscribe(socket, topics, (results) => ack({ results }));
  }

  socket.on("subscribe", (request, ack) =>
    answer(
      SubscribeRequest,
      request,
      ack,
      (problem) => ({ problem }),
      log,
      ({ topics }) => subscribe(topics, ack),
    ),
  );
  socket.on("resume", (request, ack) =>
    answer(
      ResumeRequest,
      request,
      ack,
      (problem) => ({ problem }),
      log,
      (topic) => subscribe([topic], ack),
    ),
  );
  socket.on("unsubscribe", (request, ack) =>
    answer(
      UnsubscribeRequest,
      request,
      ack,
      () => ({ ok: false }),
      log,
      async ({ topics }) => {
        deps.subscriptions.unsubscribe(socket, topics);
        ack({ ok: true });
      },
    ),
  );
  socket.on("auth.refresh", (request, ack) =>
    answer(
      RefreshRequest,
      request,
      ack,
      (problem) => ({ ok: false, problem }),
      log,
      async ({ token }) => {
        const member = await deps.verifyToken(token);
        if (member.memberId !== memberId) throw new AppError("unauthenticated", "The token is another member's");
        expiry.stop();
        socket.data.expiresAt = member.expiresAt;
        if (socket.connected) expiry = watchExpiry(socket, member.expiresAt);
        ack({ ok: true, expires_at: member.expiresAt.toISOString() });
      },
    ),
  );
  socket.emit("hello", {
    tenant: tenantId,
    log_id: feed.logId,
    head: feed.head,
    server_time: new Date().toISOString(),
    replica: deps.replica,
    limits: { topics: topicsPerSocket },
  });
}

/** Parses what a client sent and answers a failure by its code; a client that wants no answer gets none. */
function answer<Schema extends z.ZodType>(
  schema: Schema,
  request: unknown,
  ack: unknown,
  refusalOf: (problem: string) => object,
  log: Logger,
  act: (parsed: z.output<Schema>) => Promise<void>,
): void {
  if (typeof ack !== "function") return;
  const reply = ack as (answer: object) => void;
  const parsed = schema.safeParse(request);
  if (!parsed.success) {
    reply(refusalOf("validation_failed"));
    return;
  }
  act(parsed.data).catch((error: unknown) => {
    const code = error instanceof AppError ? error.code : "internal";
    if (code === "internal") log.error({ error }, "a request of a dashboard failed");
    reply(refusalOf(code));
  });
}

/** Ten events a second; what is above is answered as refused, or dropped when no answer is wanted. */
function limitEvents(socket: RealtimeSocket): void {
  const mayPass = createEventBudget();
  socket.use((event, next) => {
    if (mayPass(monotonicMs())) {
      next();
      return;
    }
    const ack: unknown = event.at(-1);
    if (typeof ack === "function") (ack as (answer: object) => void)({ ok: false, problem: "rate_limited" });
  });
}
