/** A session's name for the API, from what a person typed: lower case, accents dropped, `-` for the rest; at most 64. */
export function toSessionName(title: string): string {
  return title
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 64);
}
