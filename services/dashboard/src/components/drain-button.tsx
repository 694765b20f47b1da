import { Button, Text } from "@mantine/core";
import type { Worker } from "@flotilla/shared/contract/http-fleet";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useServices } from "../app-context.tsx";
import { drainConsequence, shortWorker } from "../lib/fleet-view.ts";
import { queryKeys } from "../lib/query-keys.ts";
import { sentenceOf } from "../lib/request-error.ts";
import { useMay } from "../lib/use-account.ts";
import { ConfirmDialog } from "./confirm-dialog.tsx";

/** Drains a worker after saying what that moves, or lets a drained one take shards again. */
export function DrainButton({ worker, workers }: { worker: Worker; workers: readonly Worker[] }) {
  const { api } = useServices();
  const queryClient = useQueryClient();
  const mayWrite = useMay("ops:write");
  const [isAsking, setAsking] = useState(false);
  const refresh = () => queryClient.invalidateQueries({ queryKey: queryKeys.fleet });
  const undrain = useMutation({ mutationFn: () => api.undrainWorker(worker.id), onSuccess: refresh });
  if (!mayWrite || worker.state === "gone") return null;
  const name = shortWorker(worker.id);
  if (worker.state === "draining") {
    return (
      <>
        {undrain.isError && (
          <Text size="xs" c="var(--flo-bad)" role="alert">
            {sentenceOf(undrain.error)}
          </Text>
        )}
        <Button
          size="xs"
          variant="default"
          loading={undrain.isPending}
          aria-label={`Take shards again: ${name}`}
          onClick={() => undrain.mutate()}
        >
          Take shards again
        </Button>
      </>
    );
  }
  return (
    <>
      <Button size="xs" variant="default" aria-label={`Drain ${name}`} onClick={() => setAsking(true)}>
        Drain
      </Button>
      {isAsking && (
        <ConfirmDialog
          title={`Drain ${name}?`}
          consequence={drainConsequence(worker, workers)}
          confirmLabel="Drain"
          act={async () => {
            await api.drainWorker(worker.id);
            await refresh();
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
