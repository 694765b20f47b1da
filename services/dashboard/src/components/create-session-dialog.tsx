import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { mintUuid } from "@flotilla/shared/contract/ids";
import type { Session } from "@flotilla/shared/contract/http-sessions";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useServices } from "../app-context.tsx";
import { toSessionName } from "../lib/to-session-name.ts";
import { RequestError } from "../lib/request-error.ts";
import { ErrorNote } from "./error-note.tsx";

/** Asks for the one thing a session needs, a name, and makes it; it starts at once and offers a QR code. */
export function CreateSessionDialog({
  onClose,
  onCreated,
}: {
  onClose: () => void;
  onCreated: (session: Session) => void;
}) {
  const { api } = useServices();
  const queryClient = useQueryClient();
  const [title, setTitle] = useState("");
  const [key] = useState(() => mintUuid());
  const name = toSessionName(title);
  const create = useMutation({
    // The key goes with the name: another name is another request.
    mutationFn: () => api.createSession({ name, display_name: title.trim() }, `${key}-${name}`),
    onSuccess: async (session) => {
      await queryClient.invalidateQueries({ queryKey: ["sessions"] });
      onCreated(session);
    },
  });
  const refusedName = create.error instanceof RequestError && create.error.code === "name_taken";
  return (
    <Modal opened onClose={onClose} title="Link an account" centered closeButtonProps={{ "aria-label": "Close" }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name !== "") create.mutate();
        }}
      >
        <Stack gap="md">
          <TextInput
            label="Name"
            description={name === "" ? "For example: Sales, Support, Recife shop" : `Called “${name}” in the API`}
            placeholder="Sales"
            required
            withAsterisk={false}
            maxLength={64}
            data-autofocus
            value={title}
            error={refusedName ? "Another session has this name" : undefined}
            onChange={(event) => setTitle(event.currentTarget.value)}
          />
          {create.isError && !refusedName && <ErrorNote what="It was not made." error={create.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending} disabled={name === ""}>
              Create and show QR code
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
