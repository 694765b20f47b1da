/** The part of `GET /sim/v1/stats` that a measurement uses. */
export interface Stats {
  readonly messagesIn: number;
  readonly cpu_ms: number;
  readonly rss_bytes: number;
  readonly links: number;
}

export async function statsOf(controlUrl: string): Promise<Stats> {
  return (await (await fetch(`${controlUrl}/sim/v1/stats`)).json()) as Stats;
}

/** Posts JSON and gives the answer, undefined without one. Throws on a refusal. */
export async function post(url: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  const text = await response.text();
  return text === "" ? undefined : JSON.parse(text);
}
