import type { Companion } from "./accounts.ts";
import { shortened } from "./device-links.ts";
import { endLink, failure } from "./endings.ts";
import type { Link } from "./link.ts";
import { readClaim } from "./login.ts";
import type { Network } from "./network.ts";
import { node } from "./protocol/node.ts";
import type { Established } from "./protocol/noise.ts";
import { endLinkByFault } from "./stanzas/message-faults.ts";

/** Decides what becomes of a client that has finished its handshake: offered for pairing, logged in, or sent away. */
export function admit(network: Network, link: Link, established: Established): void {
  const claim = readClaim(established);
  switch (claim.kind) {
    case "malformed":
      return link.end(failure("400"));
    case "register":
      return network.pairing.offer({ link, keys: claim.keys, pushName: claim.pushName });
    case "login": {
      const companion = network.accounts.tryGet(claim.phone)?.companions.get(claim.device);
      const refusal = refusalOf(network, claim.phone);
      if (refusal || !companion?.keys.noise.equals(established.clientKey)) {
        network.stats.loginsRefused += 1;
        return link.end(failure(refusal?.code ?? "401", refusal?.expireSeconds));
      }
      return login(network, link, companion, claim.pushName);
    }
  }
}

function refusalOf(network: Network, phone: string): { code: string; expireSeconds: number | undefined } | undefined {
  const fault = network.faults.hit("refuse_login", { sender: phone });
  if (fault) return { code: String(fault.code), expireSeconds: fault.expire_s };
  const limits = network.limits.get(phone);
  const left = (limits?.bannedUntil ?? 0) - network.now().getTime();
  const ban = limits?.settings.ban;
  if (!ban || left <= 0) return undefined;
  return { code: ban.code, expireSeconds: ban.code === "402" ? Math.ceil(left / 1000) : undefined };
}

function login(network: Network, link: Link, companion: Companion, pushName: string): void {
  const account = network.accounts.get(companion.address.phone);
  if (companion.link) {
    companion.queue.stop();
    endLink(companion.link, "replaced");
  }
  companion.link = link;
  link.companion = companion;
  if (pushName && pushName !== account.name) {
    account.name = pushName;
    network.changed(account.number);
  }
  network.stats.logins += 1;
  const t = String(Math.floor(network.now().getTime() / 1000));
  link.send(node("success", { t, location: "lla", lid: companion.jid("lid"), abprops: "27", group_abprops: "27" }));
  network.logger.info({ phone: shortened(account.number), device: companion.address.device }, "A device logged in");
  endLinkByFault(network, link, account.number, "login");
}
