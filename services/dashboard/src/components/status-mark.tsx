import {
  IconAlertTriangle,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconCircleXFilled,
  IconPlayerStopFilled,
} from "@tabler/icons-react";
import type { ReactElement } from "react";
import type { Tone } from "../lib/words.ts";
import classes from "./status-mark.module.css";

const shapes: Readonly<Record<Tone, ReactElement>> = {
  good: <IconCircleCheckFilled aria-hidden size={14} />,
  busy: <IconCircleDashed aria-hidden size={14} className={classes["turning"]} />,
  attention: <IconAlertTriangle aria-hidden size={14} stroke={2.2} />,
  bad: <IconCircleXFilled aria-hidden size={14} />,
  quiet: <IconPlayerStopFilled aria-hidden size={12} />,
};

/** A status by shape and word; colour only repeats them. */
export function StatusMark({ label, tone, plain = false }: { label: string; tone: Tone; plain?: boolean }) {
  return (
    <span className={classes["mark"]} data-tone={tone} data-plain={plain || undefined}>
      {shapes[tone]}
      {label}
    </span>
  );
}
