import { node } from "../protocol/node.ts";
import type { IqHandlers } from "./iq.ts";

const TTL_SECONDS = 300;
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Where files go: this very server, by the name under which the client found it. */
export const mediaQueries: IqHandlers = {
  "set w:m media_conn": ({ network, link, companion }) => {
    const hostname = link.host === undefined ? network.mediaHost : network.mediaHostFor(companion.address.phone);
    const ttl = String(TTL_SECONDS);
    const attributes = { auth: network.mediaAuth, ttl, auth_ttl: ttl, max_buckets: "12", id: "1" };
    return {
      content: [
        node("media_conn", attributes, [
          node("host", { hostname, maxContentLengthBytes: String(MAX_FILE_BYTES), type: "primary" }),
        ]),
      ],
    };
  },
};
