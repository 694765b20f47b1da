import type { WASocket } from "@whiskeysockets/baileys";
import type { Baileys } from "../../boot/library.ts";

/**
 * Drops what the library remembers of a person's devices, under both of the person's addresses, so that the next send
 * asks WhatsApp for them. The library keys this cache by the user part of the address (rc14, `getUSyncDevices`).
 */
export async function forgetDevices(baileys: Baileys, socket: WASocket, jid: string): Promise<void> {
  const { lidMapping } = socket.signalRepository;
  const other = baileys.isLidUser(jid) ? await lidMapping.getPNForLID(jid) : await lidMapping.getLIDForPN(jid);
  for (const address of [jid, other]) {
    const user = address ? baileys.jidDecode(address)?.user : undefined;
    if (user !== undefined) await socket.userDevicesCache?.del(user);
  }
}
