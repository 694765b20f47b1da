/**
 * Whether an error nobody caught is the database driver writing to a connection that the server has just ended
 * (postgres 3.4.9: a write put off by `setImmediate` finds its socket gone). The pool opens another connection and the
 * call ends at its caller's deadline; the process, and every other call in it, must not end with it.
 */
export function isLostSocketWrite(error: unknown): boolean {
  if (!(error instanceof TypeError) || !error.message.includes("reading 'write'")) return false;
  const first = error.stack?.split("\n").find((line) => line.trimStart().startsWith("at "));
  return /node_modules\/postgres\/.*connection\.js/.test(first ?? "");
}
