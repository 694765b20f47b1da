import { createContext, useContext } from "react";
import type { ApiClient } from "./lib/api-client.ts";
import type { Auth } from "./lib/auth.ts";
import type { PageConfig } from "./lib/page-config.ts";
import type { SimulatorClient } from "./lib/simulator-client.ts";
import type { RealtimeClient } from "./live/realtime-client.ts";

/** Everything a page reaches the outside with; made once in `main.tsx`. */
export interface AppServices {
  config: PageConfig;
  auth: Auth;
  api: ApiClient;
  simulator: SimulatorClient;
  realtime: RealtimeClient;
}

export const AppContext = createContext<AppServices | null>(null);

export function useServices(): AppServices {
  const services = useContext(AppContext);
  if (!services) throw new Error("useServices is used outside the app");
  return services;
}
