import { Button } from "@mantine/core";
import { SessionStatus } from "@flotilla/shared/contract/statuses";
import { IconDeviceMobile, IconPlus, IconX } from "@tabler/icons-react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { useServices } from "../app-context.tsx";
import { CreateSessionDialog } from "../components/create-session-dialog.tsx";
import { EmptyNote } from "../components/empty-note.tsx";
import { ErrorNote } from "../components/error-note.tsx";
import { LoadingRows } from "../components/loading-rows.tsx";
import { MoreButton } from "../components/more-button.tsx";
import { PageFrame } from "../components/page-frame.tsx";
import { SessionRow } from "../components/session-row.tsx";
import { Surface } from "../components/surface.tsx";
import { queryKeys } from "../lib/query-keys.ts";
import { useMay } from "../lib/use-account.ts";
import { useList } from "../lib/use-list.ts";
import { sessionWords } from "../lib/words.ts";

/** Every linked account with its live state; `?status=` narrows, `?new` opens the form. */
export function SessionsPage() {
  const { api } = useServices();
  const navigate = useNavigate();
  const [search, setSearch] = useSearchParams();
  const mayWrite = useMay("sessions:write");
  const status = SessionStatus.safeParse(search.get("status")).data;
  const list = useList({
    key: queryKeys.sessions({ status }),
    topic: null,
    read: (page) => api.sessions({ ...page, status, limit: 100 }),
  });
  const create = mayWrite && (
    <Button component={Link} to="/sessions?new" leftSection={<IconPlus size={16} />}>
      New session
    </Button>
  );
  return (
    <PageFrame title="Sessions" lead="Each session is one linked WhatsApp account" action={create}>
      {status !== undefined && (
        <div>
          <Button
            size="xs"
            variant="light"
            rightSection={<IconX size={14} />}
            aria-label={`Show all, not only ${sessionWords[status].label}`}
            onClick={() => setSearch({})}
          >
            {sessionWords[status].label}
          </Button>
        </div>
      )}
      <Surface flush>
        {list.isError && <ErrorNote what="Sessions could not be read." error={list.error} onRetry={list.refetch} />}
        {list.isPending && <LoadingRows />}
        {list.rows?.length === 0 && (
          <EmptyNote icon={<IconDeviceMobile aria-hidden size={22} />} action={status === undefined && create}>
            {status === undefined
              ? "No account is linked yet: create a session and scan its code with a phone."
              : "No session has this status now."}
          </EmptyNote>
        )}
        {list.rows?.map((session) => (
          <SessionRow key={session.id} session={session} />
        ))}
        <MoreButton list={list} />
      </Surface>
      {mayWrite && search.has("new") && (
        <CreateSessionDialog
          onClose={() => setSearch({})}
          onCreated={(session) => void navigate(`/sessions/${session.id}`, { replace: true })}
        />
      )}
    </PageFrame>
  );
}
