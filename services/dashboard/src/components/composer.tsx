import { ActionIcon, Textarea } from "@mantine/core";
import { IconSend2 } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { sentenceOf } from "../lib/request-error.ts";
import classes from "./composer.module.css";

/** Writes one text: Enter sends, Shift + Enter breaks the line. The text stays when sending fails. */
export function Composer({
  label,
  placeholder,
  send,
  disabled = false,
}: {
  label: string;
  placeholder: string;
  send: (text: string) => Promise<unknown>;
  disabled?: boolean;
}) {
  const [text, setText] = useState("");
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  async function submit(event?: FormEvent): Promise<void> {
    event?.preventDefault();
    const body = text.trim();
    if (body === "" || isSending || disabled) return;
    setSending(true);
    setProblem(null);
    try {
      await send(body);
      setText("");
    } catch (error) {
      setProblem(sentenceOf(error));
    } finally {
      setSending(false);
    }
  }

  return (
    <form className={classes["form"]} onSubmit={(event) => void submit(event)}>
      {problem !== null && (
        <p className={classes["problem"]} role="alert">
          Not sent: {problem}
        </p>
      )}
      <div className={classes["row"]}>
        <Textarea
          className={classes["text"]}
          aria-label={label}
          placeholder={placeholder}
          autosize
          minRows={1}
          maxRows={6}
          disabled={disabled}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault();
              void submit();
            }
          }}
        />
        <ActionIcon
          type="submit"
          size={36}
          variant="filled"
          aria-label={`Send: ${label}`}
          loading={isSending}
          disabled={disabled || text.trim() === ""}
        >
          <IconSend2 size={18} />
        </ActionIcon>
      </div>
    </form>
  );
}
