import { fileURLToPath } from "node:url";
import express, { type RequestHandler } from "express";

const FOLDER = fileURLToPath(new URL("../face", import.meta.url));
const POLICY = "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The page at `/` and `/sim/face/`: files as they are written, no build. */
export function serveFace(): RequestHandler {
  return express.static(FOLDER, {
    index: "index.html",
    setHeaders: (response) => {
      response.set({
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "cache-control": "no-cache",
      });
    },
  });
}
