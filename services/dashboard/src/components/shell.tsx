import { ActionIcon } from "@mantine/core";
import {
  IconDeviceMobile,
  IconDeviceMobileMessage,
  IconLayoutDashboard,
  IconListDetails,
  IconLogout,
  IconMessages,
  IconServer2,
  IconSpeakerphone,
} from "@tabler/icons-react";
import { Suspense } from "react";
import { NavLink, Outlet } from "react-router";
import { useServices } from "../app-context.tsx";
import { useMe, useOverview } from "../lib/use-account.ts";
import { useLinkState, useLive } from "../live/use-live.ts";
import { Brand } from "./brand.tsx";
import { ColorSchemeSwitch } from "./color-scheme-switch.tsx";
import { ErrorNote } from "./error-note.tsx";
import { LinkBanner } from "./link-banner.tsx";
import { LoadingRows } from "./loading-rows.tsx";
import { WhyDialog } from "./why-dialog.tsx";
import classes from "./shell.module.css";

interface Place {
  to: string;
  label: string;
  short: string;
  icon: typeof IconMessages;
  onBar: boolean;
  /** Shown to those who may this. */
  scope?: string;
}

const places: readonly Place[] = [
  { to: "/", label: "Dashboard", short: "Home", icon: IconLayoutDashboard, onBar: true },
  { to: "/sessions", label: "Sessions", short: "Sessions", icon: IconDeviceMobile, onBar: true },
  { to: "/inbox", label: "Inbox", short: "Inbox", icon: IconMessages, onBar: true },
  { to: "/campaigns", label: "Campaigns", short: "Campaigns", icon: IconSpeakerphone, onBar: true },
  { to: "/messages", label: "Messages", short: "Messages", icon: IconListDetails, onBar: false },
  { to: "/whatsapp-test", label: "Test bench", short: "Test", icon: IconDeviceMobileMessage, onBar: true },
  { to: "/fleet", label: "Fleet", short: "Fleet", icon: IconServer2, onBar: true, scope: "ops:read" },
];

const linkWords = { connecting: "Connecting", live: "Live", lost: "Offline" } as const;

/**
 * The signed-in frame. Pages are shown once the overview gives a log position: whatever they read after that, the
 * `tenant` topic completes it.
 */
export function Shell() {
  const { auth } = useServices();
  const me = useMe();
  const overview = useOverview();
  const link = useLinkState();
  useLive("tenant", overview.data);
  const shown = places.filter(({ scope }) => scope === undefined || me.data?.scopes.includes(scope));
  const failed = [me, overview].find((query) => query.isError && query.data === undefined);

  return (
    <div className={classes["shell"]}>
      <a className={classes["skip"]} href="#content">
        Skip to content
      </a>
      <aside className={classes["side"]}>
        <div className={classes["brand"]}>
          <Brand />
        </div>
        <nav aria-label="Pages" className={classes["nav"]}>
          {shown.map(({ to, label, short, icon: Icon, onBar }) => (
            <NavLink key={to} to={to} end={to === "/"} className={classes["place"]} data-bar={onBar || undefined}>
              <Icon aria-hidden size={19} stroke={1.7} />
              <span className={classes["label"]}>{label}</span>
              <span className={classes["short"]} aria-hidden>
                {short}
              </span>
            </NavLink>
          ))}
        </nav>
        <div className={classes["foot"]}>
          <span className={classes["live"]} data-state={link.state} title="Live updates">
            <span className={classes["dot"]} aria-hidden />
            <span>{linkWords[link.state]}</span>
          </span>
          <span className={classes["tools"]}>
            <ColorSchemeSwitch />
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label="Sign out"
              title={`Sign out ${me.data?.member?.email ?? ""}`}
              onClick={() => void auth.signOut()}
            >
              <IconLogout size={18} />
            </ActionIcon>
          </span>
        </div>
      </aside>
      <main className={classes["main"]} id="content" tabIndex={-1}>
        <LinkBanner />
        {failed ? (
          <div className={classes["failed"]}>
            <ErrorNote
              what="The dashboard could not be loaded."
              error={failed.error}
              onRetry={() => Promise.all([me.refetch(), overview.refetch()])}
            />
          </div>
        ) : me.data && overview.data ? (
          <Suspense fallback={<LoadingRows />}>
            <Outlet />
          </Suspense>
        ) : (
          <LoadingRows rows={5} />
        )}
      </main>
      <WhyDialog />
    </div>
  );
}
