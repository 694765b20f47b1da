import type { AuthSession } from "./lib/auth.ts";
import { lazy, useEffect, useState } from "react";
import { Navigate, Route, Routes, useLocation } from "react-router";
import { useServices } from "./app-context.tsx";
import { Shell } from "./components/shell.tsx";
import { DashboardPage } from "./pages/dashboard-page.tsx";
import { SignInPage } from "./pages/sign-in-page.tsx";

const SessionsPage = lazy(async () => ({ default: (await import("./pages/sessions-page.tsx")).SessionsPage }));
const SessionPage = lazy(async () => ({ default: (await import("./pages/session-page.tsx")).SessionPage }));
const InboxPage = lazy(async () => ({ default: (await import("./pages/inbox-page.tsx")).InboxPage }));
const MessagesPage = lazy(async () => ({ default: (await import("./pages/messages-page.tsx")).MessagesPage }));
const CampaignsPage = lazy(async () => ({ default: (await import("./pages/campaigns-page.tsx")).CampaignsPage }));
const CampaignPage = lazy(async () => ({ default: (await import("./pages/campaign-page.tsx")).CampaignPage }));
const NewCampaignPage = lazy(async () => ({
  default: (await import("./pages/new-campaign-page.tsx")).NewCampaignPage,
}));
const FleetPage = lazy(async () => ({ default: (await import("./pages/fleet-page.tsx")).FleetPage }));
const TestBenchPage = lazy(async () => ({ default: (await import("./pages/test-bench-page.tsx")).TestBenchPage }));
const NotFoundPage = lazy(async () => ({ default: (await import("./pages/not-found-page.tsx")).NotFoundPage }));

/** Who is signed in: undefined until it is known. */
function useSignedIn(): AuthSession | null | undefined {
  const { auth } = useServices();
  const [session, setSession] = useState<AuthSession | null>();
  useEffect(() => auth.onChange((next) => setSession(next)), [auth]);
  return session;
}

/** Opens the live connection while somebody is signed in. */
function useLiveConnection(memberId: string | undefined): void {
  const { realtime } = useServices();
  useEffect(() => {
    if (memberId !== undefined) realtime.open();
    return () => realtime.close();
  }, [realtime, memberId]);
}

/** All routes: signing in for strangers, the shell for members; after signing in one lands where one wanted to go. */
export function App() {
  const session = useSignedIn();
  const location = useLocation();
  useLiveConnection(session?.user.id);
  if (session === undefined) return null;
  if (session === null) {
    return (
      <Routes>
        <Route path="/sign-in" element={<SignInPage />} />
        <Route
          path="*"
          element={<Navigate to="/sign-in" replace state={{ from: location.pathname + location.search }} />}
        />
      </Routes>
    );
  }
  const from = (location.state as { from?: string } | null)?.from ?? "/";
  return (
    <Routes>
      <Route path="/sign-in" element={<Navigate to={from} replace />} />
      <Route element={<Shell />}>
        <Route index element={<DashboardPage />} />
        <Route path="/sessions" element={<SessionsPage />} />
        <Route path="/sessions/:id" element={<SessionPage />} />
        <Route path="/inbox" element={<InboxPage />} />
        <Route path="/inbox/:id" element={<InboxPage />} />
        <Route path="/messages" element={<MessagesPage />} />
        <Route path="/campaigns" element={<CampaignsPage />} />
        <Route path="/campaigns/new" element={<NewCampaignPage />} />
        <Route path="/campaigns/:id" element={<CampaignPage />} />
        <Route path="/fleet" element={<FleetPage />} />
        <Route path="/whatsapp-test" element={<TestBenchPage />} />
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  );
}
