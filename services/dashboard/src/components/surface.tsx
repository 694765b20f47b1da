import type { ReactNode } from "react";
import classes from "./surface.module.css";

/** The one kind of card. `flush` leaves the padding to the content (lists, tables). */
export function Surface({
  title,
  action,
  flush = false,
  children,
}: {
  title?: ReactNode;
  action?: ReactNode;
  flush?: boolean;
  children: ReactNode;
}) {
  return (
    <section className={classes["surface"]}>
      {(title ?? action) && (
        <header className={classes["head"]}>
          <h2 className={classes["title"]}>{title}</h2>
          {action}
        </header>
      )}
      <div className={flush ? classes["flush"] : classes["body"]}>{children}</div>
    </section>
  );
}
