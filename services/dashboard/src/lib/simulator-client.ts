import { z } from "zod";
import type { SendRequest } from "./send-request.ts";

/** One line of a chat as the person sees it on the simulated phone, oldest first in lists. */
const PhoneMessage = z.object({
  id: z.string(),
  chat: z.string().describe("The other number, digits only"),
  from_me: z.boolean(),
  kind: z.string(),
  text: z.string().nullable(),
  at: z.string(),
  status: z.string(),
});
export type PhoneMessage = z.infer<typeof PhoneMessage>;
const PhoneScreen = z.object({ messages: z.array(PhoneMessage) });

/** What the test bench does as the person who holds a simulated phone. Numbers are digits only. */
export function createSimulatorClient(send: SendRequest) {
  return {
    scanQr: (phone: string, qr: string) =>
      send({ method: "POST", path: `/sim/v1/phones/${phone}/scan-qr`, json: { qr }, answer: z.unknown() }),
    write: (phone: string, to: string, text: string) =>
      send({ method: "POST", path: `/sim/v1/phones/${phone}/messages`, json: { to, text }, answer: z.unknown() }),
    messages: (phone: string, signal?: AbortSignal) =>
      send({ path: `/sim/v1/phones/${phone}/messages`, answer: PhoneScreen, signal }),
  };
}

export type SimulatorClient = ReturnType<typeof createSimulatorClient>;
