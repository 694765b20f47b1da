import { createHash } from "node:crypto";
import express, { type Request, type Response, type Router } from "express";
import { Problem } from "../control/problem.ts";
import type { Network } from "../network.ts";
import { mediaFaults } from "./media-faults.ts";

const UPLOADS = ["/mms/:kind/:hash", "/product/image/:hash", "/pps/:kind/:hash"];
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/**
 * Upload and download of encrypted files, as the client library asks for them (getWAUploadToServer and
 * downloadEncryptedContent in Baileys' Utils/messages-media). The path names the SHA-256 of what is uploaded.
 * Clients upload over https only, so a network without TLS gets no files from them.
 */
export function mediaServer(network: Network): Router {
  const router = express.Router();
  const body = express.raw({ type: () => true, limit: MAX_FILE_BYTES });
  const faults = mediaFaults(network);
  router.post(UPLOADS, faults, body, (request: Request, response: Response) => {
    if (request.query["auth"] !== network.mediaAuth) throw new Problem(401, "unauthorized", "The auth token is wrong.");
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const hash = createHash("sha256").update(bytes).digest("base64url");
    if (request.params["hash"] !== hash) {
      throw new Problem(400, "hash_mismatch", "The bytes do not have the hash that the path names.");
    }
    const directPath = network.media.put(bytes);
    response.json({
      url: `https://${request.headers.host ?? network.mediaHost}${directPath}`,
      direct_path: directPath,
    });
  });
  router.get("/v/:name", faults, (request: Request, response: Response) => {
    const file = network.media.get(request.path);
    if (!file) throw new Problem(404, "not_found", "There is no such file, or it was forgotten.");
    sendRange(request, response, file);
  });
  return router;
}

/** The whole file, or the one range that is asked for; ends beyond the file are cut to it, as HTTP has it. */
function sendRange(request: Request, response: Response, file: Buffer): void {
  response.set({ "accept-ranges": "bytes", "content-type": "application/octet-stream" });
  const ranges = request.range(file.length);
  if (ranges === -1) {
    response.status(416).set("content-range", `bytes */${file.length}`).end();
    return;
  }
  const [range] = Array.isArray(ranges) && ranges.type === "bytes" && ranges.length === 1 ? ranges : [];
  if (!range) {
    response.send(file);
    return;
  }
  response.status(206).set("content-range", `bytes ${range.start}-${range.end}/${file.length}`);
  response.send(file.subarray(range.start, range.end + 1));
}
