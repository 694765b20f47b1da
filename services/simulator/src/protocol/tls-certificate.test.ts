import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import { describe, expect, it } from "vitest";
import { createTlsCertificate } from "./tls-certificate.ts";

const hosts = ["localhost", "127.0.0.1", "::1", "fe80::1:2", "sim.example"];
const { cert, key } = createTlsCertificate(hosts, new Date());

describe("createTlsCertificate", () => {
  it("is accepted by a client that trusts it", async () => {
    const server = createServer({ cert, key }, (socket) => socket.end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", ca: cert });
    await once(client, "secureConnect");
    expect(client.authorized).toBe(true);
    client.destroy();
    server.close();
  });

  it.each([
    ["127.0.0.1", true],
    ["0:0:0:0:0:0:0:1", true],
    ["fe80:0:0:0:0:0:1:2", true],
    ["127.0.0.2", false],
  ])("stands for the address %s: %s", (address, stands) => {
    expect(new X509Certificate(cert).checkIP(address) !== undefined).toBe(stands);
  });

  it.each([
    ["localhost", true],
    ["sim.example", true],
    ["elsewhere.example", false],
  ])("stands for the name %s: %s", (name, stands) => {
    expect(new X509Certificate(cert).checkHost(name) !== undefined).toBe(stands);
  });
});
