import { Button, FileInput, SegmentedControl, Stack, Textarea } from "@mantine/core";
import type { PartResult } from "@flotilla/shared/contract/http-campaigns";
import { IconFileTypeCsv, IconUpload } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useServices } from "../app-context.tsx";
import { formatCount } from "../lib/format.ts";
import { queryKeys } from "../lib/query-keys.ts";
import { toRecipientList } from "../lib/recipient-list.ts";
import { ErrorNote } from "./error-note.tsx";
import classes from "./recipients-form.module.css";

/** Adds recipients to a draft: a CSV file, or a pasted list. Says what became of every line. */
export function RecipientsForm({ campaignId }: { campaignId: string }) {
  const { api } = useServices();
  const queryClient = useQueryClient();
  const [way, setWay] = useState("file");
  const [file, setFile] = useState<File | null>(null);
  const [pasted, setPasted] = useState("");
  const list = toRecipientList(pasted);
  const upload = useMutation({
    mutationFn: (body: Blob | string) => api.uploadRecipients(campaignId, body),
    onSuccess: async () => {
      setFile(null);
      setPasted("");
      await Promise.all([
        queryClient.invalidateQueries({ queryKey: queryKeys.campaign(campaignId) }),
        queryClient.invalidateQueries({ queryKey: queryKeys.lineErrors(campaignId) }),
      ]);
    },
  });
  const body = way === "file" ? file : list.csv || null;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (body !== null) upload.mutate(body);
      }}
    >
      <Stack gap="sm">
        <SegmentedControl
          aria-label="How to add recipients"
          className={classes["ways"]}
          data={[
            { value: "file", label: "CSV file" },
            { value: "paste", label: "Pasted list" },
          ]}
          value={way}
          onChange={setWay}
        />
        {way === "file" ? (
          <FileInput
            label="CSV file"
            description="First line: column names. One column is called “to”; the others fill the variables of the text"
            placeholder="Choose a file"
            accept=".csv,text/csv"
            leftSection={<IconFileTypeCsv size={18} />}
            clearable
            value={file}
            onChange={setFile}
          />
        ) : (
          <Textarea
            label="Numbers"
            description="One a line with country code, or CSV with a first line of column names"
            placeholder={"+5511912345678\n+5521987654321"}
            autosize
            minRows={5}
            maxRows={12}
            value={pasted}
            onChange={(event) => setPasted(event.currentTarget.value)}
          />
        )}
        <div className={classes["foot"]}>
          <Button
            type="submit"
            variant="light"
            leftSection={<IconUpload size={16} />}
            loading={upload.isPending}
            disabled={body === null}
          >
            {way === "paste" && list.count > 0 ? `Add ${formatCount(list.count)} recipients` : "Add recipients"}
          </Button>
          {upload.data && <PartOutcome part={upload.data} />}
        </div>
        {upload.isError && <ErrorNote what="The list was not taken." error={upload.error} />}
      </Stack>
    </form>
  );
}

function PartOutcome({ part }: { part: PartResult }) {
  const refused = [
    part.duplicate > 0 && `${formatCount(part.duplicate)} duplicate`,
    part.invalid > 0 && `${formatCount(part.invalid)} invalid`,
    part.suppressed > 0 && `${formatCount(part.suppressed)} suppressed`,
  ].filter((words) => words !== false);
  return (
    <span role="status" className={classes["outcome"]}>
      {[`${formatCount(part.accepted)} of ${formatCount(part.received)} lines accepted`, ...refused].join(", ")}
    </span>
  );
}
