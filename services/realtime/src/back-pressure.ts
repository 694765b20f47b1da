import type { RealtimeNamespace, RealtimeSocket } from "./socket-types.ts";

const mostPackets = 8;
const mostBytes = 256 * 1_024;

/**
 * Whether a client takes what we send slower than it comes. Engine.io's own buffer has no limit, so nobody may be
 * broadcast to without this question: a congested client leaves its rooms and is fed at its own pace.
 */
export function isCongested(socket: RealtimeSocket): boolean {
  const { writeBuffer } = socket.conn as unknown as { writeBuffer: readonly { data?: unknown }[] };
  if (writeBuffer.length > mostPackets) return true;
  let bytes = transportBytes(socket);
  for (const { data } of writeBuffer) bytes += typeof data === "string" || Buffer.isBuffer(data) ? data.length : 0;
  return bytes > mostBytes;
}

/** What the operating system has not taken yet. */
function transportBytes(socket: RealtimeSocket): number {
  const transport = socket.conn.transport as unknown as { socket?: { bufferedAmount?: number } };
  return transport.socket?.bufferedAmount ?? 0;
}

/** The connections of a room on this replica. */
export function membersOf(namespace: RealtimeNamespace, room: string): RealtimeSocket[] {
  const members: RealtimeSocket[] = [];
  for (const id of namespace.adapter.rooms.get(room) ?? []) {
    const socket = namespace.sockets.get(id);
    if (socket !== undefined) members.push(socket);
  }
  return members;
}
