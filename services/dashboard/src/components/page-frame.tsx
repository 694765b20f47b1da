import { type ReactNode, useEffect } from "react";
import classes from "./page-frame.module.css";

/** A page's heading, its one main action, and its content. Sets the title of the browser's tab too. */
export function PageFrame({
  title,
  lead,
  back,
  action,
  children,
}: {
  title: string;
  lead?: ReactNode;
  back?: ReactNode;
  action?: ReactNode;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Flotilla`;
  }, [title]);
  return (
    <div className={classes["page"]}>
      <header className={classes["head"]}>
        <div className={classes["words"]}>
          {back}
          <h1 className={classes["title"]}>{title}</h1>
          {lead && <div className={classes["lead"]}>{lead}</div>}
        </div>
        {action && <div className={classes["action"]}>{action}</div>}
      </header>
      {children}
    </div>
  );
}
