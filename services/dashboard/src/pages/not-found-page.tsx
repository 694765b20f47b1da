import { Button } from "@mantine/core";
import { IconMapOff } from "@tabler/icons-react";
import { Link } from "react-router";
import { EmptyNote } from "../components/empty-note.tsx";
import { PageFrame } from "../components/page-frame.tsx";

export function NotFoundPage() {
  return (
    <PageFrame title="Nothing here">
      <EmptyNote
        icon={<IconMapOff aria-hidden size={22} />}
        action={
          <Button component={Link} to="/">
            Go to the Dashboard
          </Button>
        }
      >
        There is no page at this address.
      </EmptyNote>
    </PageFrame>
  );
}
