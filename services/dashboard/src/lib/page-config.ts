import { z } from "zod";

/** What the web server tells the page. An empty URL means "this origin", a path is completed with it. */
const PageConfig = z.object({
  supabaseUrl: z.string().min(1),
  supabasePublishableKey: z.string().min(1),
  apiUrl: z.string(),
  realtimeUrl: z.string(),
  simulator: z.boolean(),
});
export type PageConfig = z.infer<typeof PageConfig>;

/** Reads `/config.json`. Throws when it is missing or not what we expect: nothing works without it. */
export async function loadPageConfig(): Promise<PageConfig> {
  const response = await fetch("/config.json", { cache: "no-store" });
  if (!response.ok) throw new Error(`The page's configuration answered ${response.status}`);
  const config = PageConfig.parse(await response.json());
  const absolute = (url: string): string => new URL(url || "/", window.location.origin).href.replace(/\/$/, "");
  return {
    ...config,
    supabaseUrl: absolute(config.supabaseUrl),
    apiUrl: absolute(config.apiUrl),
    realtimeUrl: absolute(config.realtimeUrl),
  };
}
