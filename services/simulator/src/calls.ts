import { randomBytes } from "node:crypto";
import type { Companion } from "./accounts.ts";
import type { Network } from "./network.ts";
import { personJid } from "./protocol/jid.ts";
import { type BinaryNode, node } from "./protocol/node.ts";
import { RecentMap } from "./recent-map.ts";

/** A call that one person tries with another. Nothing is ever heard: it rings until somebody ends it. */
export interface Call {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly video: boolean;
  state: "ringing" | "rejected" | "ended";
}

const REMEMBERED = 1_000;

/** Calls of the network, the newest ones. */
export class Calls {
  readonly #calls = new RecentMap<string, Call>(REMEMBERED);

  get(id: string): Call | undefined {
    return this.#calls.get(id);
  }

  /** A person calls a number: its linked devices ring. */
  offer(network: Network, from: string, to: string, video: boolean): Call {
    const id = randomBytes(16).toString("hex").toUpperCase();
    const call: Call = { id, from, to, video, state: "ringing" };
    this.#calls.set(id, call);
    // Who is blocked hears it ring, and nobody else does.
    if (network.accounts.get(to).blocked.has(from)) return call;
    tellDevices(
      network,
      call,
      node("offer", callAttributes(network, call), [node("audio"), ...(video ? [node("video")] : [])]),
    );
    return call;
  }

  /** The caller hangs up, or nobody answered in time. */
  end(network: Network, call: Call, reason?: "timeout"): void {
    if (call.state !== "ringing") return;
    call.state = "ended";
    tellDevices(network, call, node("terminate", { ...callAttributes(network, call), reason }));
  }

  /** A device of the one who is called rejects; its other devices stop ringing. Ignores calls that do not ring. */
  reject(network: Network, companion: Companion, id: string): void {
    const call = this.#calls.get(id);
    if (call?.state !== "ringing" || call.to !== companion.address.phone) return;
    call.state = "rejected";
    const terminate = node("terminate", { ...callAttributes(network, call), reason: "rejected_elsewhere" });
    tellDevices(network, call, terminate, companion);
  }
}

function callAttributes(network: Network, call: Call): Record<string, string> {
  const from = personJid(call.from, network.addressing);
  return { "call-id": call.id, "call-creator": from, from, caller_pn: personJid(call.from, "pn") };
}

function tellDevices(network: Network, call: Call, content: BinaryNode, except?: Companion): void {
  const t = String(Math.floor(network.now().getTime() / 1000));
  const from = personJid(call.from, network.addressing);
  for (const companion of network.accounts.get(call.to).companions.values()) {
    if (companion === except) continue;
    const id = randomBytes(8).toString("hex").toUpperCase();
    companion.queue.push(node("call", { from, id, t, notify: network.nameOf(call.from) }, [content]));
  }
}
