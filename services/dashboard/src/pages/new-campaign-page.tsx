import { Anchor, Button, MultiSelect, Stack, TextInput, Textarea } from "@mantine/core";
import { mintUuid } from "@flotilla/shared/contract/ids";
import { variablesOf } from "@flotilla/shared/domain/template";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { useServices } from "../app-context.tsx";
import { ErrorNote } from "../components/error-note.tsx";
import { PageFrame } from "../components/page-frame.tsx";
import { Surface } from "../components/surface.tsx";
import { RequestError } from "../lib/request-error.ts";
import { useSessionChoices } from "../lib/use-session-choices.ts";
import classes from "./new-campaign-page.module.css";

/** The first step of a campaign: its name, its text, the accounts that send it. Recipients are added to the draft. */
export function NewCampaignPage() {
  const { api } = useServices();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const choices = useSessionChoices();
  const [name, setName] = useState("");
  const [body, setBody] = useState("");
  const [sessions, setSessions] = useState<string[]>([]);
  const variables = variablesOf(body);
  const create = useMutation({
    mutationFn: () =>
      api.createCampaign(
        { name, category: "utility", content: { type: "text", text: { body } }, sessions },
        mintUuid(),
      ),
    onSuccess: async (campaign) => {
      await queryClient.invalidateQueries({ queryKey: ["campaigns"] });
      await navigate(`/campaigns/${campaign.id}`, { replace: true });
    },
  });
  const fields = create.error instanceof RequestError ? create.error.fields : {};
  return (
    <PageFrame
      title="New campaign"
      lead="Recipients come in the next step; nothing is sent before you start it"
      back={
        <Anchor component={Link} to="/campaigns" size="sm">
          Campaigns
        </Anchor>
      }
    >
      <div className={classes["form"]}>
        <Surface>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              create.mutate();
            }}
          >
            <Stack gap="md">
              <TextInput
                label="Name"
                description="Only your team sees it"
                required
                withAsterisk={false}
                maxLength={120}
                value={name}
                error={fields["name"]}
                onChange={(event) => setName(event.currentTarget.value)}
              />
              <Textarea
                label="Text"
                description="Put a column of your list in with {{name}}"
                required
                withAsterisk={false}
                autosize
                minRows={4}
                maxRows={14}
                value={body}
                error={fields["content"]}
                onChange={(event) => setBody(event.currentTarget.value)}
              />
              {variables.length > 0 && (
                <p className={classes["variables"]} role="status">
                  The list needs {variables.length === 1 ? "a column" : "columns"} called{" "}
                  {variables.map((variable) => (
                    <code key={variable}>{variable}</code>
                  ))}
                </p>
              )}
              <MultiSelect
                label="Sent by"
                description="Recipients are spread over these sessions; one person always hears from the same"
                placeholder={sessions.length === 0 ? "Choose sessions" : ""}
                data={choices}
                value={sessions}
                onChange={setSessions}
                error={fields["sessions"]}
                nothingFoundMessage="No session exists yet"
                hidePickedOptions
              />
              {create.isError && Object.keys(fields).length === 0 && (
                <ErrorNote what="The campaign was not made." error={create.error} />
              )}
              <div>
                <Button type="submit" loading={create.isPending} disabled={sessions.length === 0}>
                  Save draft and add recipients
                </Button>
              </div>
            </Stack>
          </form>
        </Surface>
      </div>
    </PageFrame>
  );
}
