import type { Logger } from "pino";
import type { Addressing } from "./protocol/jid.ts";

/** What distinguishes one network from another. */
export interface NetworkSettings {
  /** 32 bytes from which the root key and all phones' keys follow. */
  readonly secret: Uint8Array;
  /** Which address of the sender 1:1 messages carry. Today's real network: lid. */
  readonly addressing: Addressing;
  readonly seed: number;
  /** Rows that the ledger keeps. */
  readonly ledgerRows: number;
  /** Lines that phones show, all phones together. */
  readonly chatLines: number;
  /** Bytes of encrypted files that the media server keeps. */
  readonly mediaBytes: number;
  /** Host of media addresses, with port; undefined: the one by which each client came. */
  readonly mediaHost: string | undefined;
  /** Stanzas kept of each connection. */
  readonly recordedStanzas: number;
  readonly logger: Logger;
  /** Called when an account changed in a way that has to outlive this process. */
  readonly changed: (phone: string) => void;
  /** Called when a group changed. */
  readonly groupsChanged: () => void;
}
