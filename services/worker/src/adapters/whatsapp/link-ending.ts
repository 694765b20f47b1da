import { AsyncLocalStorage } from "node:async_hooks";
import type { Logger } from "@flotilla/shared/runtime/logger";
import { CredentialsUnreadable, LeaseLost, type LinkFault } from "../../ports.ts";

/** How long we wait for the library to report a close after the raw connection was cut. */
const reportGraceMs = 1_000;

/** Cutting and closing one link; the part of a link that must work when nothing else does. */
export class LinkEnding {
  readonly #logger: Logger;
  readonly #closed = Promise.withResolvers<void>();
  #cut: (() => void) | undefined;
  #giveUp: (() => void) | undefined;
  #ownReason: string | null = null;
  #isClosed = false;
  readonly #listeners = new Set<() => void>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Our own reason for ending; the library's close code would only say that the connection is gone. */
  get ownReason(): string | null {
    return this.#ownReason;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Resolves when the close has been reported. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Calls back when the link closes, unless the returned function was called before. */
  onClosed(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** `cut` drops the raw connection; `giveUp` reports the close in the library's stead. */
  attach({ cut, giveUp }: { cut: () => void; giveUp: () => void }): void {
    this.#cut = cut;
    this.#giveUp = giveUp;
  }

  /** Says why the link is about to end without cutting it. The first reason stays. */
  announce(reason: LinkFault | (string & {})): void {
    if (!this.#isClosed) this.#ownReason ??= reason;
  }

  /** Drops the raw connection at once. No closing handshake: on a dead connection the library would wait 30 s for it. */
  terminate(reason: LinkFault | (string & {})): void {
    if (this.#isClosed) return;
    if (this.#ownReason === null) this.#logger.info({ reason }, "Cutting the WhatsApp connection");
    this.announce(reason);
    this.#cut?.();
    setTimeout(() => this.#giveUp?.(), reportGraceMs).unref();
  }

  /** A read or write of the session's secrets failed: nothing more may be answered to WhatsApp on this connection. */
  storeFailed(error: unknown): void {
    if (this.#isClosed) return;
    if (error instanceof LeaseLost) return this.terminate("lease_lost");
    this.#logger.error({ error }, "The session's secrets could not be read or written");
    this.terminate(error instanceof CredentialsUnreadable ? "credentials_unreadable" : "store_failed");
  }

  /** The close has been reported; returns false when it had been before. */
  markClosed(): boolean {
    if (this.#isClosed) return false;
    this.#isClosed = true;
    this.#closed.resolve();
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
    return true;
  }
}

/** The link in whose async context the library works: its socket's events and everything they start. */
export const currentLink = new AsyncLocalStorage<LinkEnding | undefined>();

/**
 * For `runService`'s `onUncaught`. The library parses frames in event handlers that nobody awaits, so an error there ends
 * up with the process. It concerns one link: that one is cut and reconnects; the process goes on.
 */
export function endOnlyThatLink(): "continue" | "exit" {
  const link = currentLink.getStore();
  if (!link) return "exit";
  link.terminate("unreadable_frame");
  return "continue";
}
