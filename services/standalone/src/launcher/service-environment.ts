import { assertNever } from "@flotilla/shared/domain/assert-never";

/** The services that run as processes of their own. */
export type ServiceKind = "api" | "worker" | "realtime" | "simulator" | "dashboard";

/** Where everything is; the same for all services of one platform. */
export type PlatformAddresses = {
  supabaseUrl: string;
  publishableKey: string;
  secretKey: string;
  /** HS256 secret; undefined for a project that publishes its keys (`jwksUrl`). */
  jwtSecret: string | undefined;
  jwksUrl: string | undefined;
  redisUrl: string;
  apiUrl: string;
  realtimeUrls: string[];
  dashboardUrl: string;
  /** Undefined on the real network. */
  simulator: { url: string; whatsappUrl: string; rootKey: string } | undefined;
  /** base64 of 32 bytes. */
  credentialsKey: string;
};

export type ServicePlace = {
  port: number;
  nodeEnv: string;
  logLevel: string;
  /** Folder of the simulator's own files. */
  simulatorFolder: string;
};

/**
 * The environment of one service: the contract between the launcher (or a compose file) and a service's `config.ts`.
 * Each gets only the secrets it works with: the dashboard and the simulator have none.
 */
export function serviceEnvironment(
  kind: ServiceKind,
  addresses: PlatformAddresses,
  place: ServicePlace,
): Record<string, string> {
  const common = {
    NODE_ENV: place.nodeEnv,
    LOG_LEVEL: place.logLevel,
    HOST: "127.0.0.1",
    PORT: String(place.port),
  };
  const stores = {
    SUPABASE_URL: addresses.supabaseUrl,
    SUPABASE_PUBLISHABLE_KEY: addresses.publishableKey,
    SUPABASE_SECRET_KEY: addresses.secretKey,
    REDIS_URL: addresses.redisUrl,
  };
  const tokens = {
    ...(addresses.jwtSecret === undefined ? {} : { SUPABASE_JWT_SECRET: addresses.jwtSecret }),
    ...(addresses.jwksUrl === undefined ? {} : { SUPABASE_JWKS_URL: addresses.jwksUrl }),
    // The same page is reached by both names of this machine.
    CORS_ORIGINS: [addresses.dashboardUrl, addresses.dashboardUrl.replace("localhost", "127.0.0.1")].join(","),
  };
  const simulatorUrl: Record<string, string> = addresses.simulator ? { SIMULATOR_URL: addresses.simulator.url } : {};
  switch (kind) {
    case "api":
      return { ...common, ...stores, ...tokens, ...simulatorUrl, PUBLIC_API_URL: addresses.apiUrl };
    case "realtime":
      return { ...common, ...stores, ...tokens };
    case "worker":
      return {
        ...common,
        ...stores,
        CREDENTIALS_KEY: addresses.credentialsKey,
        ...(addresses.simulator && {
          WHATSAPP_URL: addresses.simulator.whatsappUrl,
          WHATSAPP_ROOT_KEY: addresses.simulator.rootKey,
        }),
      };
    case "simulator":
      // Alone it prints lines for people; the launcher makes its own of everybody's JSON.
      return { ...common, SIMULATOR_DATA_DIR: place.simulatorFolder, LOG_FORMAT: "json" };
    case "dashboard":
      return {
        ...common,
        ...simulatorUrl,
        SUPABASE_URL: addresses.supabaseUrl,
        SUPABASE_PUBLISHABLE_KEY: addresses.publishableKey,
        API_URL: addresses.apiUrl,
        REALTIME_URLS: addresses.realtimeUrls.join(","),
        PUBLIC_API_URL: addresses.apiUrl,
        PUBLIC_REALTIME_URL: addresses.realtimeUrls[0] ?? "",
      };
    default:
      return assertNever(kind);
  }
}
