import { Anchor, Button, TextInput } from "@mantine/core";
import type { Session } from "@flotilla/shared/contract/http-sessions";
import { isOffline } from "@flotilla/shared/domain/session-state";
import { IconExternalLink, IconScan } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useServices } from "../app-context.tsx";
import { formatPhone } from "../lib/format-phone.ts";
import { queryKeys } from "../lib/query-keys.ts";
import { accountNumberOf, tryParseNumber } from "../lib/simulated-number.ts";
import { simulatorFace } from "../lib/simulator-face.ts";
import { useList } from "../lib/use-list.ts";
import { useSendMessage } from "../lib/use-send-message.ts";
import classes from "./bench-session.module.css";
import { Composer } from "./composer.tsx";
import { Conversation } from "./conversation.tsx";
import { EmptyNote } from "./empty-note.tsx";
import { ErrorNote } from "./error-note.tsx";
import { QrPanel } from "./qr-panel.tsx";

/** Our side of the bench: the code with a phone to scan it, then the conversation with the contact. */
export function BenchSession({ session, contact }: { session: Session; contact: string }) {
  const { api } = useServices();
  const send = useSendMessage();
  const chats = useList({
    key: queryKeys.chats({ session: session.id }),
    topic: `session:${session.id}`,
    read: (page) => api.chats({ ...page, session: session.id, limit: 50 }),
  });
  if (isOffline(session.status)) {
    return (
      <div className={classes["padded"]}>
        <QrPanel session={session} below={ScanByClick} />
      </div>
    );
  }
  const chat = chats.rows?.find(({ party }) => party.phone?.replaceAll(/\D/g, "") === contact);
  return (
    <div className={classes["talk"]}>
      {chat ? (
        <Conversation key={chat.id} chat={chat} />
      ) : (
        <>
          <div className={classes["empty"]}>
            <EmptyNote>Nothing was exchanged with {formatPhone(contact)} yet.</EmptyNote>
          </div>
          <Composer
            label={`Message to ${formatPhone(contact)}`}
            placeholder="Write as the session"
            send={async (body) => {
              await send({ session: session.id, to: contact, body });
              await chats.refetch();
            }}
          />
        </>
      )}
    </div>
  );
}

/** Lets a simulated phone scan the code that is shown now. */
function ScanByClick({ sessionId, qr }: { sessionId: string; qr: string }) {
  const { simulator } = useServices();
  const [typed, setTyped] = useState(() => formatPhone(accountNumberOf(sessionId)));
  const number = tryParseNumber(typed);
  const scan = useMutation({
    mutationFn: async () => (number === null ? null : simulator.scanQr(number, qr)),
  });
  return (
    <form
      className={classes["scan"]}
      onSubmit={(event) => {
        event.preventDefault();
        scan.mutate();
      }}
    >
      <TextInput
        label="Simulated phone that scans"
        description="Becomes the session’s number"
        inputMode="tel"
        value={typed}
        error={number === null ? "7 to 15 digits" : undefined}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <Button type="submit" leftSection={<IconScan size={16} />} loading={scan.isPending} disabled={number === null}>
        Scan with this phone
      </Button>
      {number !== null && (
        <Anchor className={classes["face"]} href={simulatorFace(number, qr)} target="_blank" rel="noopener">
          Scan on the simulated network’s page <IconExternalLink aria-hidden size={14} />
        </Anchor>
      )}
      {scan.isError && <ErrorNote what="The phone could not scan it." error={scan.error} />}
    </form>
  );
}
