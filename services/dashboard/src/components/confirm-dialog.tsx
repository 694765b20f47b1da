import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { ErrorNote } from "./error-note.tsx";

/** Asks before something that cannot simply be undone: names the object and what will happen to it. */
export function ConfirmDialog({
  title,
  consequence,
  confirmLabel,
  act,
  onClose,
}: {
  title: string;
  consequence: string;
  confirmLabel: string;
  act: () => Promise<unknown>;
  onClose: () => void;
}) {
  const mutation = useMutation({ mutationFn: act, onSuccess: onClose });
  return (
    <Modal opened onClose={onClose} title={title} centered closeButtonProps={{ "aria-label": "Close" }}>
      <Stack gap="md">
        <Text>{consequence}</Text>
        {mutation.isError && <ErrorNote what="That did not work." error={mutation.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose} data-autofocus>
            Keep it
          </Button>
          <Button color="red.8" loading={mutation.isPending} onClick={() => mutation.mutate()}>
            {confirmLabel}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
