import { z } from "zod";

const Links = z.object({
  links: z.array(
    z.object({
      id: z.string(),
      phone: z.string().nullable(),
      state: z.string(),
      host: z.string().nullable(),
      frames_in: z.int(),
    }),
  ),
});
const Ledger = z.object({
  rows: z.array(
    z.object({
      sequence: z.int(),
      phone: z.string(),
      sender: z.string(),
      wa_message_id: z.string(),
      wire_copies: z.int(),
      visible_copies: z.int(),
      undecryptable_copies: z.int(),
      text_sha256: z.string().nullable(),
    }),
  ),
  next: z.int().nullable(),
});
const Summary = z.object({ messages: z.int(), visible_copies: z.int() });
const Phone = z.object({ devices: z.array(z.object({ device: z.int() })) });

export type SimulatedLink = z.infer<typeof Links>["links"][number];
export type SimulatedLedgerRow = z.infer<typeof Ledger>["rows"][number];

/** The simulator's control API, as far as scenarios use it. Every call rejects on a status that is no success. */
export type SimulatorClient = ReturnType<typeof createSimulatorClient>;

export function createSimulatorClient(url: string) {
  const call = async <T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> => {
    const response = await fetch(`${url}/sim/v1${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`simulator: ${method} ${path}: ${response.status} ${text}`);
    return schema.parse(text === "" ? undefined : JSON.parse(text));
  };
  return {
    links: async () => (await call("GET", "/links", Links)).links,
    summary: () => call("GET", "/ledger/summary", Summary),
    devices: async (phone: string) =>
      (await call("GET", `/phones/${phone}`, Phone)).devices.map(({ device }) => device),
    /** Rows of the ledger after a sequence number, in order of first arrival. */
    async *ledger(after: number): AsyncGenerator<SimulatedLedgerRow> {
      for (let from: number | null = after; from !== null;) {
        const page: z.infer<typeof Ledger> = await call("GET", `/ledger?after=${from}&limit=10000`, Ledger);
        yield* page.rows;
        from = page.next;
      }
    },
    rule: (prefix: string, behaviour: Record<string, unknown>) =>
      call("POST", "/rules", z.unknown(), { prefix, behaviour }),
    /** A person writes a text. Returns the message's id. */
    write: async (from: string, to: string, text: string) =>
      (await call("POST", `/phones/${from}/messages`, z.object({ id: z.string() }), { to, text })).id,
    endLinks: (kind: string, phone: string, more: Record<string, unknown> = {}) =>
      call("POST", "/links/end", z.object({ ended: z.int() }), { kind, phone, ...more }),
    addFault: async (fault: Record<string, unknown>) =>
      (await call("POST", "/faults", z.looseObject({ id: z.string() }), fault)).id,
    removeFault: (id: string) => call("DELETE", `/faults/${id}`, z.unknown()),
  };
}
