import { Anchor } from "@mantine/core";
import type { Session } from "@flotilla/shared/contract/http-sessions";
import { IconExternalLink } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { useServices } from "../app-context.tsx";
import { formatPhone } from "../lib/format-phone.ts";
import { queryKeys } from "../lib/query-keys.ts";
import { simulatorFace } from "../lib/simulator-face.ts";
import type { PhoneMessage } from "../lib/simulator-client.ts";
import { type Bubble, Bubbles } from "./bubbles.tsx";
import { Composer } from "./composer.tsx";
import { EmptyNote } from "./empty-note.tsx";
import { ErrorNote } from "./error-note.tsx";
import { LoadingRows } from "./loading-rows.tsx";
import classes from "./simulated-phone.module.css";

/** Events of one moment cause one reading of the phone's screen. */
const gatherMs = 120;

const toBubble = (message: PhoneMessage): Bubble => ({
  id: message.id,
  text: message.text ?? `(${message.kind})`,
  at: message.at,
  isOwn: message.from_me,
  status: message.from_me ? phoneStatus(message.status) : null,
});

const phoneStatus = (status: string): Bubble["status"] =>
  status === "delivered" || status === "read" ? status : "sent";

/** The screen of a contact's phone on the simulated network, and its keyboard. Read again when events arrive. */
export function SimulatedPhone({ number, session }: { number: string; session: Session }) {
  const { simulator, realtime } = useServices();
  const queryClient = useQueryClient();
  const account = session.phone?.replaceAll(/\D/g, "") ?? null;
  const screen = useQuery({
    queryKey: queryKeys.phone(number),
    queryFn: ({ signal }) => simulator.messages(number, signal),
  });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = realtime.onEvents((events) => {
      if (!events.some(({ session: about }) => about?.id === session.id)) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        void queryClient.invalidateQueries({ queryKey: queryKeys.phone(number) });
      }, gatherMs);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [realtime, queryClient, number, session.id]);
  const bubbles = useMemo(
    () => (screen.data?.messages ?? []).filter(({ chat }) => chat === account).map(toBubble),
    [screen.data, account],
  );
  const isReady = account !== null;
  return (
    <div className={classes["phone"]}>
      <header className={classes["head"]}>
        <div className={classes["title"]}>
          <strong>{formatPhone(number)}</strong>
          <Anchor className={classes["face"]} href={simulatorFace(number)} target="_blank" rel="noopener">
            All phones <IconExternalLink aria-hidden size={14} />
          </Anchor>
        </div>
        <span>{isReady ? `talking with ${formatPhone(account)}` : "waits for the session to be linked"}</span>
      </header>
      {screen.isError && <ErrorNote what="The phone does not answer." error={screen.error} onRetry={screen.refetch} />}
      {screen.isPending && <LoadingRows rows={2} />}
      {screen.data && bubbles.length === 0 && (
        <div className={classes["empty"]}>
          <EmptyNote>Nothing has reached this phone yet.</EmptyNote>
        </div>
      )}
      {bubbles.length > 0 && <Bubbles bubbles={bubbles} label={`Screen of ${formatPhone(number)}`} />}
      <Composer
        label="As the phone"
        placeholder={isReady ? "Write as the phone" : "Link the session first"}
        disabled={!isReady}
        send={async (text) => {
          if (account === null) return;
          await simulator.write(number, account, text);
          await queryClient.invalidateQueries({ queryKey: queryKeys.phone(number) });
        }}
      />
    </div>
  );
}
