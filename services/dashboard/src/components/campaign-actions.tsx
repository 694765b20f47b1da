import { Button } from "@mantine/core";
import type { Campaign } from "@flotilla/shared/contract/http-campaigns";
import { IconPlayerPause, IconPlayerPlay, IconX } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useServices } from "../app-context.tsx";
import type { CampaignRequest } from "../lib/api-client.ts";
import { formatCount } from "../lib/format.ts";
import { useMay } from "../lib/use-account.ts";
import { progressOf } from "../lib/words.ts";
import { ConfirmDialog } from "./confirm-dialog.tsx";
import { ErrorNote } from "./error-note.tsx";

/** What can be asked of a campaign now. Cancelling says first how many people it leaves out. */
export function CampaignActions({ campaign }: { campaign: Campaign }) {
  const { api } = useServices();
  const queryClient = useQueryClient();
  const mayRun = useMay("campaigns:run");
  const [isCanceling, setCanceling] = useState(false);
  const ask = async (request: CampaignRequest): Promise<void> => {
    await api.controlCampaign(campaign.id, request);
    await Promise.all([
      queryClient.invalidateQueries({ queryKey: ["campaign", campaign.id] }),
      queryClient.invalidateQueries({ queryKey: ["campaigns"] }),
    ]);
  };
  const control = useMutation({ mutationFn: ask });
  if (!mayRun) return null;
  const { status, accepted, totals, name } = campaign;
  const isOpen = status !== "completed" && status !== "canceled";
  const left = accepted - progressOf(totals, accepted).done;
  return (
    <>
      {control.isError && <ErrorNote what="That did not work." error={control.error} />}
      {(status === "draft" || status === "ready") && (
        <Button
          leftSection={<IconPlayerPlay size={16} />}
          disabled={accepted === 0}
          loading={control.isPending}
          onClick={() => control.mutate("start")}
        >
          Start sending
        </Button>
      )}
      {status === "running" && (
        <Button
          variant="default"
          leftSection={<IconPlayerPause size={16} />}
          loading={control.isPending}
          onClick={() => control.mutate("pause")}
        >
          Pause
        </Button>
      )}
      {status === "paused" && (
        <Button
          leftSection={<IconPlayerPlay size={16} />}
          loading={control.isPending}
          onClick={() => control.mutate("resume")}
        >
          Resume
        </Button>
      )}
      {isOpen && (
        <Button variant="default" leftSection={<IconX size={16} />} onClick={() => setCanceling(true)}>
          Cancel…
        </Button>
      )}
      {isCanceling && (
        <ConfirmDialog
          title={`Cancel “${name}”?`}
          consequence={`${formatCount(left)} of ${formatCount(accepted)} people will not get it. What has left stays sent. A canceled campaign cannot be resumed.`}
          confirmLabel="Cancel campaign"
          act={() => ask("cancel")}
          onClose={() => setCanceling(false)}
        />
      )}
    </>
  );
}
