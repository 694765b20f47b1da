import type { ReactElement, ReactNode } from "react";
import classes from "./empty-note.module.css";

/** An empty place: one sentence and, where there is one, the action that fills it. */
export function EmptyNote({
  icon,
  children,
  action,
}: {
  icon?: ReactElement;
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={classes["note"]}>
      {icon && <span className={classes["icon"]}>{icon}</span>}
      <p className={classes["sentence"]}>{children}</p>
      {action}
    </div>
  );
}
