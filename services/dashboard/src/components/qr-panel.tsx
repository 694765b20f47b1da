import { Button, Loader, RingProgress, Skeleton } from "@mantine/core";
import type { Session } from "@flotilla/shared/contract/http-sessions";
import type { PairingUpdate } from "@flotilla/shared/contract/realtime";
import { assertNever } from "@flotilla/shared/domain/assert-never";
import { IconCircleCheckFilled, IconQrcode } from "@tabler/icons-react";
import { type ComponentType, type ReactNode, useState } from "react";
import { Link } from "react-router";
import { formatReason } from "../lib/format.ts";
import { formatPhone } from "../lib/format-phone.ts";
import { useNow } from "../lib/use-now.ts";
import { usePairing } from "../live/use-live.ts";
import { QrCode } from "./qr-code.tsx";
import classes from "./qr-panel.module.css";

/**
 * Linking a phone, as it happens: the code while it is valid with its remaining time, then that it was scanned, then
 * that it works. Everything comes by the live link, so nothing is reloaded. `below` stands below the code.
 */
export function QrPanel({
  session,
  below: Below,
}: {
  session: Session;
  below?: ComponentType<{ sessionId: string; qr: string }>;
}) {
  const pairing = usePairing(session.id);
  const code = pairing?.kind === "qr" && pairing.value !== null ? pairing.value : null;
  switch (session.status) {
    case "connected":
    case "degraded":
      return <Linked session={session} />;
    case "connecting":
    case "syncing":
    case "reconnecting":
      return <Passing>{session.phone === null ? "Scanned: finishing the link…" : "Connecting to WhatsApp…"}</Passing>;
    case "starting":
      return <Passing>A worker takes the session; the code comes next…</Passing>;
    case "awaiting_scan":
    case "awaiting_code":
      return pairing && code !== null ? (
        <div className={classes["panel"]}>
          <div className={classes["code"]}>
            <QrCode text={code} label="QR code to scan with the phone" />
          </div>
          <div className={classes["side"]}>
            <Countdown key={code} pairing={pairing} />
            <ol className={classes["steps"]}>
              <li>Open WhatsApp on the phone.</li>
              <li>
                Tap <b>Settings</b>, then <b>Linked devices</b>, then <b>Link a device</b>.
              </li>
              <li>Point the camera at this code.</li>
            </ol>
            {Below && <Below sessionId={session.id} qr={code} />}
          </div>
        </div>
      ) : (
        <Waiting />
      );
    case "stopped":
    case "logged_out":
    case "conflict":
    case "restricted":
    case "banned":
    case "failed":
      return (
        <div className={classes["state"]}>
          <IconQrcode aria-hidden size={28} className={classes["quiet"]} />
          <p>
            {session.status_reason === null
              ? "No code is offered now. Start the session to get one."
              : `No code is offered now (${formatReason(session.status_reason)}). Start the session to get a new one.`}
          </p>
        </div>
      );
    default:
      return assertNever(session.status);
  }
}

function Countdown({ pairing }: { pairing: PairingUpdate }) {
  const now = useNow(500);
  const leftMs = pairing.expires_at === null ? 0 : Math.max(0, Date.parse(pairing.expires_at) - now);
  // The ring is full when the code is first seen, so it needs no knowledge of how long codes last.
  const [fullMs] = useState(leftMs);
  const seconds = Math.ceil(leftMs / 1000);
  return (
    <div className={classes["countdown"]}>
      <RingProgress
        size={56}
        thickness={5}
        roundCaps
        sections={[{ value: fullMs > 0 ? (leftMs / fullMs) * 100 : 0, color: "sea" }]}
        label={<span className={`${classes["seconds"]} numeric`}>{seconds}</span>}
        rootColor="var(--flo-line)"
        aria-label={`This code is valid for ${seconds} seconds`}
      />
      <div>
        <strong>{seconds > 0 ? `Valid for ${seconds} s` : "The next code is on its way"}</strong>
        <div className={classes["round"]}>
          Code {pairing.round}
          {pairing.attempt > 0 && ` · attempt ${pairing.attempt}`}
        </div>
      </div>
    </div>
  );
}

function Linked({ session }: { session: Session }) {
  return (
    <div className={classes["state"]} role="status">
      <IconCircleCheckFilled aria-hidden size={40} className={classes["good"]} />
      <p>
        <strong>Linked{session.phone === null ? "" : ` to ${formatPhone(session.phone)}`}</strong>
        <br />
        {session.push_name ?? "This account"} can send and receive now.
      </p>
      <Button component={Link} to={`/inbox?session=${session.id}`} variant="default" size="xs">
        Open its inbox
      </Button>
    </div>
  );
}

function Passing({ children }: { children: ReactNode }) {
  return (
    <div className={classes["state"]} role="status">
      <Loader size="sm" />
      <p>{children}</p>
    </div>
  );
}

function Waiting() {
  return (
    <div className={classes["panel"]} role="status" aria-label="Waiting for the code">
      <div className={classes["code"]}>
        <Skeleton height="100%" radius="sm" />
      </div>
      <div className={classes["side"]}>
        <p className={classes["quiet"]}>Asking WhatsApp for a code…</p>
      </div>
    </div>
  );
}
