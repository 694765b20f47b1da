import { Badge, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import type { Chat } from "@flotilla/shared/contract/http-chats";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useServices } from "../app-context.tsx";
import { partyName } from "../lib/format.ts";
import { queryKeys } from "../lib/query-keys.ts";
import { useMay } from "../lib/use-account.ts";
import { ConfirmDialog } from "./confirm-dialog.tsx";
import { ErrorNote } from "./error-note.tsx";

/** Says that a person is not to be written to, and lets a member decide it or lift it. */
export function SuppressionControl({ chat }: { chat: Chat }) {
  const { api } = useServices();
  const queryClient = useQueryClient();
  const mayRead = useMay("consents:read");
  const mayWrite = useMay("consents:write");
  const [isAsking, setAsking] = useState(false);
  const name = partyName(chat.party);
  const refresh = () => queryClient.invalidateQueries({ queryKey: queryKeys.chat(chat.id) });
  const close = () => setAsking(false);
  const isSuppressed = chat.suppressed !== "none";
  return (
    <Group gap="xs" ml="auto" wrap="nowrap">
      {isSuppressed && (
        <Badge color="red.8" variant="light">
          {chat.suppressed === "all" ? "Suppressed" : "No marketing"}
        </Badge>
      )}
      {mayRead && mayWrite && (
        <Button size="compact-xs" variant="default" onClick={() => setAsking(true)}>
          {isSuppressed ? "Lift" : "Suppress"}
        </Button>
      )}
      {isAsking && !isSuppressed && (
        <ConfirmDialog
          title={`Suppress ${name}?`}
          consequence="What waits for this person is canceled, in every session and campaign, and nothing is sent until a member lifts it."
          confirmLabel="Suppress"
          act={async () => {
            await api.suppress(chat.party.phone ?? chat.party.jid);
            await refresh();
          }}
          onClose={close}
        />
      )}
      {isAsking && isSuppressed && (
        <LiftDialog contact={chat.party.contact_id} name={name} done={refresh} onClose={close} />
      )}
    </Group>
  );
}

function LiftDialog(props: { contact: string; name: string; done: () => Promise<unknown>; onClose: () => void }) {
  const { contact, name, done, onClose } = props;
  const { api } = useServices();
  const [note, setNote] = useState("");
  const found = useQuery({
    queryKey: ["suppressions", contact],
    queryFn: ({ signal }) => api.suppressions({ contact, signal }),
    gcTime: 0,
  });
  const lift = useMutation({
    mutationFn: async () => {
      for (const { id } of found.data?.data ?? []) await api.liftSuppression(id, note.trim());
      await done();
    },
    onSuccess: onClose,
  });
  const isOwnWord = found.data?.data.some(({ reason }) => reason === "keyword") ?? false;
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Write to ${name} again?`}
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack gap="md">
        <Text>
          {isOwnWord
            ? "This person asked not to be written to. Lift it only if they have agreed since, and say how you know."
            : "A member decided that this person is not to be written to."}
        </Text>
        <TextInput
          label="Why it is lifted"
          maxLength={500}
          required={isOwnWord}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          data-autofocus
        />
        {found.isError && <ErrorNote what="The suppression could not be read." error={found.error} />}
        {lift.isError && <ErrorNote what="That did not work." error={lift.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Keep it
          </Button>
          <Button
            color="red.8"
            loading={lift.isPending}
            disabled={!found.data || (isOwnWord && note.trim() === "")}
            onClick={() => lift.mutate()}
          >
            Lift
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
