import { Button, Code, Select, TextInput } from "@mantine/core";
import { IconDeviceMobileMessage, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { BenchSession } from "../components/bench-session.tsx";
import { CreateSessionDialog } from "../components/create-session-dialog.tsx";
import { EmptyNote } from "../components/empty-note.tsx";
import { ErrorNote } from "../components/error-note.tsx";
import { EventTail } from "../components/event-tail.tsx";
import { LoadingRows } from "../components/loading-rows.tsx";
import { PageFrame } from "../components/page-frame.tsx";
import { SessionActions } from "../components/session-actions.tsx";
import { SessionState } from "../components/session-state.tsx";
import { SimulatedPhone } from "../components/simulated-phone.tsx";
import { Surface } from "../components/surface.tsx";
import { formatPhone } from "../lib/format-phone.ts";
import { defaultContact, tryParseNumber } from "../lib/simulated-number.ts";
import { useMay, useMe } from "../lib/use-account.ts";
import { useSession } from "../lib/use-session.ts";
import { useSessionChoices } from "../lib/use-session-choices.ts";
import classes from "./test-bench-page.module.css";

/** Both ends on one screen: a session beside a simulated phone, and the events below. Needs a simulated network. */
export function TestBenchPage() {
  const hasSimulator = useMe().data?.simulator ?? false;
  return (
    <PageFrame title="Test bench" lead="A session and a phone side by side, on the simulated WhatsApp network">
      {hasSimulator ? (
        <Bench />
      ) : (
        <Surface>
          <EmptyNote icon={<IconDeviceMobileMessage aria-hidden size={22} />}>
            This installation has no simulated network. <Code>npm start</Code> and <Code>npm run demo</Code> bring one;{" "}
            <Code>npm run simulator</Code> starts one alone.
          </EmptyNote>
        </Surface>
      )}
    </PageFrame>
  );
}

function Bench() {
  const [search, setSearch] = useSearchParams();
  const [isCreating, setCreating] = useState(false);
  const [typed, setTyped] = useState(() => formatPhone(defaultContact));
  const mayWrite = useMay("sessions:write");
  const choices = useSessionChoices();
  const contact = tryParseNumber(typed);
  const sessionId = search.get("session") ?? choices[0]?.value;
  const choose = (id: string | null): void => (id === null ? undefined : setSearch({ session: id }, { replace: true }));
  const create = mayWrite && (
    <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
      New session
    </Button>
  );
  return (
    <>
      <div className={classes["controls"]}>
        <div className={classes["choice"]}>
          <Select
            className={classes["session"]}
            label="Session"
            placeholder="No session yet"
            data={choices}
            value={sessionId ?? null}
            onChange={choose}
            allowDeselect={false}
          />
          {create}
        </div>
        <TextInput
          label="Phone of the contact"
          inputMode="tel"
          value={typed}
          error={contact === null ? "7 to 15 digits" : undefined}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      </div>
      {sessionId === undefined ? (
        <Surface>
          <EmptyNote icon={<IconDeviceMobileMessage aria-hidden size={22} />} action={create}>
            Create a session to begin; a simulated phone scans its code with one click.
          </EmptyNote>
        </Surface>
      ) : (
        <BothEnds key={sessionId} sessionId={sessionId} contact={contact ?? defaultContact} />
      )}
      {isCreating && (
        <CreateSessionDialog
          onClose={() => setCreating(false)}
          onCreated={(session) => {
            setCreating(false);
            choose(session.id);
          }}
        />
      )}
    </>
  );
}

function BothEnds({ sessionId, contact }: { sessionId: string; contact: string }) {
  const session = useSession(sessionId);
  if (!session.data) {
    return session.isError ? (
      <ErrorNote what="The session could not be read." error={session.error} onRetry={session.refetch} />
    ) : (
      <LoadingRows />
    );
  }
  return (
    <>
      <div className={classes["ends"]}>
        <Surface
          title={<SessionState session={session.data} />}
          action={<SessionActions session={session.data} />}
          flush
        >
          <BenchSession session={session.data} contact={contact} />
        </Surface>
        <SimulatedPhone key={contact} number={contact} session={session.data} />
      </div>
      <Surface title="Events" flush>
        <EventTail sessionId={sessionId} />
      </Surface>
    </>
  );
}
