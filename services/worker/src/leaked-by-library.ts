/**
 * Whether an error nobody caught may be passed over. The WhatsApp library reads frames in handlers that nobody awaits, so a
 * timeout or an unreadable frame of one connection surfaces as a rejection of the whole process; that connection's own
 * watchdog ends it, and the other sessions must not die with it. Everything else leaves a state nobody knows: exit.
 */
export function leakedByLibrary(
  error: unknown,
  origin: "unhandledRejection" | "uncaughtException",
): "exit" | "continue" {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  // Boom errors of the library's own making carry its frames; ours begin in our files.
  const first = stack.split("\n").find((line) => line.trimStart().startsWith("at ") && !line.includes("node:internal"));
  return origin === "unhandledRejection" && first?.includes("/node_modules/@whiskeysockets/") ? "continue" : "exit";
}
