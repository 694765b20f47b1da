const DEADLINE_MS = 5_000;

/**
 * The root public key (base64) that the simulated network signs its certificates with. Workers accept it only together
 * with a `WHATSAPP_URL`.
 *
 * @throws when the simulator does not hand it out
 */
export async function fetchRootKey(simulatorUrl: string): Promise<string> {
  const response = await fetch(`${simulatorUrl}/sim/v1/root-key`, { signal: AbortSignal.timeout(DEADLINE_MS) });
  const body = await response.text();
  if (!response.ok) throw new Error(`the simulator refuses its root key (status ${response.status})`);
  if (!body.startsWith("{")) return body.trim();
  const parsed = JSON.parse(body) as Record<string, unknown>;
  const key = parsed["public_key"] ?? parsed["root_key"] ?? parsed["key"];
  if (typeof key !== "string") throw new Error("the simulator's root key has no form this launcher knows");
  return key;
}
