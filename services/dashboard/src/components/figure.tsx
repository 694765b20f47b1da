import { Link } from "react-router";
import { formatCount, formatShortCount } from "../lib/format.ts";
import classes from "./figure.module.css";

/** One number that opens the list it counts. `alarming`: any value above zero is bad news. */
export function Figure({
  label,
  value,
  of,
  note,
  to,
  alarming = false,
}: {
  label: string;
  value: number;
  of?: number;
  note?: string;
  to: string;
  alarming?: boolean;
}) {
  return (
    <Link to={to} className={classes["figure"]} data-alarm={(alarming && value > 0) || undefined}>
      <span className={classes["label"]}>{label}</span>
      <span className={`${classes["value"]} numeric`} title={formatCount(value)}>
        {formatShortCount(value)}
        {of !== undefined && <span className={classes["of"]}> of {formatShortCount(of)}</span>}
      </span>
      {note !== undefined && <span className={classes["note"]}>{note}</span>}
    </Link>
  );
}
