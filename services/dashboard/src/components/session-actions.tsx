import { ActionIcon, Button, Menu } from "@mantine/core";
import type { Session } from "@flotilla/shared/contract/http-sessions";
import { isResting } from "@flotilla/shared/domain/session-state";
import { IconDots, IconLogout, IconPlayerPlay, IconPlayerStop, IconRefresh, IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useServices } from "../app-context.tsx";
import type { SessionRequest } from "../lib/api-client.ts";
import { sentenceOf } from "../lib/request-error.ts";
import { queryKeys } from "../lib/query-keys.ts";
import { sessionTitle } from "../lib/session-title.ts";
import { useMay } from "../lib/use-account.ts";
import { ConfirmDialog } from "./confirm-dialog.tsx";
import classes from "./session-actions.module.css";

/** What can be asked of a session now. Log out and delete say first what they end. */
export function SessionActions({ session, onDeleted }: { session: Session; onDeleted?: () => void }) {
  const { api } = useServices();
  const queryClient = useQueryClient();
  const mayWrite = useMay("sessions:write");
  const [asking, setAsking] = useState<"logout" | "delete" | null>(null);
  const title = sessionTitle(session);

  const refresh = async (): Promise<void> => {
    await Promise.all([
      queryClient.invalidateQueries({ queryKey: ["sessions"] }),
      queryClient.invalidateQueries({ queryKey: queryKeys.session(session.id) }),
    ]);
  };
  const control = useMutation({
    mutationFn: (request: SessionRequest) => api.controlSession(session.id, request),
    onSuccess: refresh,
  });
  if (!mayWrite) return null;

  const isAsleep = session.desired === "stopped" || isResting(session.status);
  return (
    <div className={classes["actions"]}>
      {control.isError && (
        <span className={classes["error"]} role="alert">
          {sentenceOf(control.error)}
        </span>
      )}
      {isAsleep ? (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlayerPlay size={14} />}
          loading={control.isPending}
          onClick={() => control.mutate("start")}
        >
          Start
        </Button>
      ) : (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlayerStop size={14} />}
          loading={control.isPending}
          onClick={() => control.mutate("stop")}
        >
          Stop
        </Button>
      )}
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="md" aria-label={`More for ${title}`}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconRefresh size={16} />}
            disabled={session.desired !== "running"}
            onClick={() => control.mutate("restart")}
          >
            Restart
          </Menu.Item>
          <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => setAsking("logout")}>
            Log out…
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={() => setAsking("delete")}>
            Delete…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {asking === "logout" && (
        <ConfirmDialog
          title={`Log out “${title}”?`}
          consequence="The phone removes this linked device, and the credentials end. Messages that wait stay, and leave once somebody pairs it again by QR code."
          confirmLabel="Log out"
          act={async () => {
            await api.controlSession(session.id, "logout");
            await refresh();
          }}
          onClose={() => setAsking(null)}
        />
      )}
      {asking === "delete" && (
        <ConfirmDialog
          title={`Delete “${title}”?`}
          consequence="It stops now and leaves every list. Its messages that wait are not sent. It is forgotten for good after 7 days."
          confirmLabel="Delete session"
          act={async () => {
            await api.deleteSession(session.id);
            onDeleted?.();
            await queryClient.invalidateQueries({ queryKey: ["sessions"] });
          }}
          onClose={() => setAsking(null)}
        />
      )}
    </div>
  );
}
