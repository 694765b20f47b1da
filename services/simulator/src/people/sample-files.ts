/** A small real file for each kind, for people who send "some image": bytes and type. */
export const sampleFiles = {
  // One grey pixel.
  image: {
    mimetype: "image/png",
    data: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==",
  },
  // The same pixel as lossless WebP.
  sticker: { mimetype: "image/webp", data: "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==" },
  // An ISO media header without tracks.
  video: { mimetype: "video/mp4", data: "AAAAGGZ0eXBpc29tAAACAGlzb21pc28y" },
  // 8-bit mono PCM at 8 kHz, four samples of silence.
  audio: { mimetype: "audio/wav", data: "UklGRigAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQQAAACAgICA" },
  voice: { mimetype: "audio/ogg; codecs=opus", data: "T2dnUwACAAAAAAAAAAAAAAAAAAAAAA==" },
  document: {
    mimetype: "text/plain",
    data: Buffer.from("A document from the simulated network.\n").toString("base64"),
  },
} as const;
