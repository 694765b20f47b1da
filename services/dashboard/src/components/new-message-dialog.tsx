import { Button, Group, Modal, Select, Stack, TextInput, Textarea } from "@mantine/core";
import type { Message } from "@flotilla/shared/contract/http-messages";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { RequestError } from "../lib/request-error.ts";
import { useSendMessage } from "../lib/use-send-message.ts";
import { useSessionChoices } from "../lib/use-session-choices.ts";
import { ErrorNote } from "./error-note.tsx";

/** Starts a conversation: from which account, to which number, with what words. */
export function NewMessageDialog({ onClose, onSent }: { onClose: () => void; onSent: (message: Message) => void }) {
  const choices = useSessionChoices();
  const send = useSendMessage();
  const [session, setSession] = useState<string | null>(null);
  const [to, setTo] = useState("");
  const [body, setBody] = useState("");
  const from = session ?? choices[0]?.value ?? null;
  const mutation = useMutation({
    mutationFn: async () => (from === null ? null : send({ session: from, to, body })),
    onSuccess: (message) => message && onSent(message),
  });
  const fields = mutation.error instanceof RequestError ? mutation.error.fields : {};
  return (
    <Modal opened onClose={onClose} title="New message" centered closeButtonProps={{ "aria-label": "Close" }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          mutation.mutate();
        }}
      >
        <Stack gap="sm">
          <Select label="From" data={choices} value={from} onChange={setSession} allowDeselect={false} />
          <TextInput
            label="To"
            description="With country code"
            placeholder="+55 11 91234 5678"
            inputMode="tel"
            required
            withAsterisk={false}
            data-autofocus
            value={to}
            error={fields["to"]}
            onChange={(event) => setTo(event.currentTarget.value)}
          />
          <Textarea
            label="Message"
            autosize
            minRows={3}
            required
            withAsterisk={false}
            value={body}
            onChange={(event) => setBody(event.currentTarget.value)}
          />
          {mutation.isError && !fields["to"] && <ErrorNote what="It was not sent." error={mutation.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={mutation.isPending} disabled={from === null}>
              Send
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
