import { fileURLToPath } from "node:url";
import { createLogger } from "@flotilla/shared/runtime/logger";
import { openDashboardServer } from "../src/server/dashboard-server.ts";
import { openFakePlatform } from "./fake/fake-platform.ts";

export interface Platform {
  /** Where the dashboard is. */
  url: string;
  email: string;
  password: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The platform that browser tests and screenshots run against: the one FLOTILLA_URL, FLOTILLA_EMAIL and
 * FLOTILLA_PASSWORD name, else a pretended one behind the real web server and the built page.
 */
export async function openPlatform(): Promise<Platform> {
  const { FLOTILLA_URL: url, FLOTILLA_EMAIL: email, FLOTILLA_PASSWORD: password } = process.env;
  if (url && email && password) return { url, email, password, [Symbol.asyncDispose]: async () => undefined };
  const fake = await openFakePlatform();
  const server = await openDashboardServer(
    {
      port: 0,
      host: "127.0.0.1",
      logLevel: "silent",
      publishableKey: "sb_publishable_test",
      upstreams: { api: fake.url, realtime: [fake.url], simulator: fake.url, supabase: fake.url },
    },
    {
      logger: createLogger({ service: "dashboard", level: "silent" }),
      distFolder: fileURLToPath(new URL("../dist", import.meta.url)),
    },
  );
  return {
    url: `http://127.0.0.1:${server.port}`,
    email: "demo@flotilla.test",
    password: "demo-password",
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await fake[Symbol.asyncDispose]();
    },
  };
}
