import { z } from "zod";

const rowSchema = z.object({
  sequence: z.int(),
  phone: z.string(),
  sender: z.string(),
  wa_message_id: z.string(),
  visible_copies: z.int(),
  text_sha256: z.string().nullable(),
});

/** What one phone received under one WhatsApp id, as the simulated network counted it. */
export type LedgerRow = z.infer<typeof rowSchema>;

const pageSchema = z.object({ rows: z.array(rowSchema), next: z.int().nullable() });
const phoneSchema = z.object({ behaviour: z.object({ delivers: z.boolean() }) });

/** All rows that came after a sequence number, in order. */
export async function readLedger(simulatorUrl: string, after: number): Promise<LedgerRow[]> {
  const rows: LedgerRow[] = [];
  for (let from = after; ;) {
    const page = pageSchema.parse(await getJson(`${simulatorUrl}/sim/v1/ledger?after=${from}&limit=10000`));
    rows.push(...page.rows);
    if (page.next === null) return rows;
    from = page.next;
  }
}

/** Whether the person's phone is on: what is sent to one that is off waits at the network, and is not lost. */
export async function phoneIsOn(simulatorUrl: string, phone: string): Promise<boolean> {
  return phoneSchema.parse(await getJson(`${simulatorUrl}/sim/v1/phones/${phone}`)).behaviour.delivers;
}

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the simulator answers ${response.status} to ${new URL(url).pathname}`);
  return await response.json();
}
