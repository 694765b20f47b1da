import { Button } from "@mantine/core";
import { IconPlus, IconSpeakerphone } from "@tabler/icons-react";
import { Link } from "react-router";
import { useServices } from "../app-context.tsx";
import { CampaignCard } from "../components/campaign-card.tsx";
import { EmptyNote } from "../components/empty-note.tsx";
import { ErrorNote } from "../components/error-note.tsx";
import { LoadingRows } from "../components/loading-rows.tsx";
import { MoreButton } from "../components/more-button.tsx";
import { PageFrame } from "../components/page-frame.tsx";
import { Surface } from "../components/surface.tsx";
import { queryKeys } from "../lib/query-keys.ts";
import { useMay } from "../lib/use-account.ts";
import { useList } from "../lib/use-list.ts";

/** Every campaign, newest first, with its progress as it happens. */
export function CampaignsPage() {
  const { api } = useServices();
  const mayWrite = useMay("campaigns:write");
  const list = useList({
    key: queryKeys.campaigns({}),
    topic: null,
    read: (page) => api.campaigns({ ...page, limit: 25 }),
  });
  const create = mayWrite && (
    <Button component={Link} to="/campaigns/new" leftSection={<IconPlus size={16} />}>
      New campaign
    </Button>
  );
  return (
    <PageFrame title="Campaigns" lead="One text to many people who expect it" action={create}>
      <Surface flush>
        {list.isError && <ErrorNote what="Campaigns could not be read." error={list.error} onRetry={list.refetch} />}
        {list.isPending && <LoadingRows height={72} />}
        {list.rows?.length === 0 && (
          <EmptyNote icon={<IconSpeakerphone aria-hidden size={22} />} action={create}>
            No campaign was made yet.
          </EmptyNote>
        )}
        {list.rows?.map((campaign) => (
          <CampaignCard key={campaign.id} campaign={campaign} />
        ))}
        <MoreButton list={list} />
      </Surface>
    </PageFrame>
  );
}
