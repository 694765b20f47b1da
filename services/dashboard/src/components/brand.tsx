import classes from "./brand.module.css";

/** The mark and the name; `large` for the sign-in page. */
export function Brand({ large = false }: { large?: boolean }) {
  return (
    <span className={classes["brand"]} data-large={large || undefined}>
      <img src="/favicon.svg" alt="" width={large ? 36 : 26} height={large ? 36 : 26} />
      Flotilla
    </span>
  );
}
