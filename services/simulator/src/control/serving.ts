import { z } from "zod";
import type { Network } from "../network.ts";
import { scanForPushName } from "./linking.ts";
import { Problem } from "./problem.ts";
import { answered, type Route, route } from "./route.ts";

/** Whether the server lives, what clients have to trust, and the contract of Baileys' own end-to-end tests. */
export function servingRoutes(network: Network, caPem: string | undefined): Route[] {
  const alive = ["/healthz", "/livez", "/readyz"].map((path) =>
    route({
      method: "get",
      path,
      summary: "Answers while the server lives",
      response: z.object({ status: z.literal("ok") }),
      handle: () => ({ status: "ok" }),
    }),
  );
  return [
    ...alive,
    route({
      method: "get",
      path: "/sim/v1/root-key",
      summary: "The key that clients must trust instead of WhatsApp's own",
      response: z.object({ public_key: z.string().describe("32 bytes, base64.") }),
      handle: () => ({ public_key: network.identity.rootPublicKey.toString("base64") }),
    }),
    route({
      method: "get",
      path: "/sim/v1/ca.pem",
      summary: "The certificate that clients have to trust when the network is served over TLS",
      produces: ["application/x-pem-file"],
      handle: (_input, response) => {
        if (caPem === undefined) throw new Problem(404, "not_found", "This network is not served over TLS.");
        response.type("application/x-pem-file").send(caPem);
        return answered;
      },
    }),
    route({
      method: "post",
      path: "/admin/mock-phone/scan-qr",
      summary: "A phone scans a QR code; its number follows from the client's push name, or is fresh",
      consumes: "text/plain",
      body: z.string("must be the text of the QR code").min(1).max(4096),
      handle: async ({ body }) => scanForPushName(network, body),
    }),
  ];
}
