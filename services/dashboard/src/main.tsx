import "@fontsource-variable/inter/wght.css";
import "@mantine/core/styles.css";
import "./tokens.css";
import { MantineProvider, localStorageColorSchemeManager } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { config as configureZod } from "zod";
import { App } from "./app.tsx";
import { AppContext, type AppServices } from "./app-context.tsx";
import { ErrorNote } from "./components/error-note.tsx";
import { createApiClient } from "./lib/api-client.ts";
import { createAuth } from "./lib/auth.ts";
import { type PageConfig, loadPageConfig } from "./lib/page-config.ts";
import { RequestError } from "./lib/request-error.ts";
import { createRequests } from "./lib/send-request.ts";
import { createSimulatorClient } from "./lib/simulator-client.ts";
import { LiveQueries } from "./live/live-queries.ts";
import { RealtimeClient } from "./live/realtime-client.ts";
import { theme } from "./theme.ts";

// The page's policy forbids compiling text to code, which zod would try.
configureZod({ jitless: true });

const colorSchemeManager = localStorageColorSchemeManager({ key: "flotilla-color-scheme" });
const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      refetchOnWindowFocus: false, // events keep answers fresh
      retry: (count, error) => count < 2 && error instanceof RequestError && error.retryable,
    },
  },
});

function openServices(config: PageConfig): AppServices {
  const auth = createAuth(config);
  const api = createApiClient(createRequests(config.apiUrl, () => auth.token()));
  const liveQueries = new LiveQueries(queryClient);
  const realtime = new RealtimeClient({
    url: config.realtimeUrl,
    getToken: (options) => auth.token(options),
    onResync: () => void queryClient.invalidateQueries(),
  });
  realtime.onEvents((events) => liveQueries.apply(events));
  auth.onChange((session, event) => {
    if (event === "TOKEN_REFRESHED") realtime.refresh(session?.access_token ?? null);
    if (event === "SIGNED_OUT") queryClient.clear();
  });
  // The simulator is no part of the platform and gets no token.
  const simulator = createSimulatorClient(createRequests(config.apiUrl, async () => null).send);
  return { config, auth, api, simulator, realtime };
}

const root = document.querySelector("#root");
if (root) {
  const page = await loadPageConfig().then(
    (config) => (
      <AppContext value={openServices(config)}>
        <BrowserRouter>
          <App />
        </BrowserRouter>
      </AppContext>
    ),
    (error: unknown) => (
      <ErrorNote what="The page could not start." error={error} onRetry={() => window.location.reload()} />
    ),
  );
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} colorSchemeManager={colorSchemeManager} defaultColorScheme="auto">
        <QueryClientProvider client={queryClient}>{page}</QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
