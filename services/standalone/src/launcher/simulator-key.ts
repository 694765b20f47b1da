import { z } from "zod";

const DEADLINE_MS = 5_000;

/**
 * The root public key (base64) that the simulated network signs its certificates with. Workers accept it only together
 * with a `WHATSAPP_URL`.
 *
 * @throws when the simulator does not hand it out
 */
export async function fetchRootKey(simulatorUrl: string): Promise<string> {
  const response = await fetch(`${simulatorUrl}/sim/v1/root-key`, { signal: AbortSignal.timeout(DEADLINE_MS) });
  if (!response.ok) throw new Error(`the simulator refuses its root key (status ${response.status})`);
  return z.object({ public_key: z.string() }).parse(await response.json()).public_key;
}
