// oxlint-disable-next-line no-control-regex -- U+0000 is what this is about
const refused = /[\u0000\uD800-\uDFFF]/;

/**
 * The same value with texts that Postgres takes: `jsonb` and `text` refuse U+0000 and halves of surrogate pairs
 * (SQLSTATE 22P05, 22P02), and people can send both. Each becomes U+FFFD. A value without them is returned as it is.
 */
export function storable<Value>(value: Value): Value {
  return mend(value) as Value;
}

function mend(value: unknown): unknown {
  if (typeof value === "string")
    return refused.test(value) ? value.replaceAll("\u0000", "\uFFFD").toWellFormed() : value;
  if (Array.isArray(value)) return value.map(mend);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [mend(name), mend(each)]));
}
