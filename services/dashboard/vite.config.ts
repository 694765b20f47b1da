import { createReadStream, createWriteStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { constants, createBrotliCompress, createGzip } from "node:zlib";
import react from "@vitejs/plugin-react";
import { type Plugin, defineConfig } from "vite";

const { API_URL, REALTIME_URLS, SIMULATOR_URL, SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY } = process.env;

/** The development server answers like server.ts does: same paths, same services, from the same environment. */
const proxy = Object.fromEntries(
  (
    [
      [["/v1", "/health", "/openapi.json", "/docs"], API_URL],
      [["/socket.io"], REALTIME_URLS?.split(",")[0]],
      [["/sim"], SIMULATOR_URL],
    ] as const
  ).flatMap(([paths, target]) => (target ? paths.map((path) => [path, { target, ws: path === "/socket.io" }]) : [])),
);
if (SUPABASE_URL) {
  proxy["/supabase/auth/v1"] = {
    target: SUPABASE_URL,
    rewrite: (path: string) => path.slice("/supabase".length),
  } as never;
}

function pageConfig(): Plugin {
  return {
    name: "page-config",
    configureServer(server) {
      server.middlewares.use("/config.json", (_request, response) => {
        response.setHeader("content-type", "application/json").end(
          JSON.stringify({
            supabaseUrl: "/supabase",
            supabasePublishableKey: SUPABASE_PUBLISHABLE_KEY ?? "",
            apiUrl: "",
            realtimeUrl: "",
            simulator: Boolean(SIMULATOR_URL),
          }),
        );
      });
    },
  };
}

/** Leaves a `.gz` and a `.br` beside each script and style, so that serving costs no compression. */
function precompress(): Plugin {
  return {
    name: "precompress",
    apply: "build",
    async writeBundle({ dir }) {
      const folder = join(dir ?? "dist", "assets");
      const files = (await readdir(folder)).filter((file) => /\.(js|css|svg)$/.test(file));
      const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
      await Promise.all(
        files.flatMap((file) => {
          const path = join(folder, file);
          return [
            pipeline(createReadStream(path), createGzip({ level: 9 }), createWriteStream(`${path}.gz`)),
            pipeline(createReadStream(path), createBrotliCompress(brotli), createWriteStream(`${path}.br`)),
          ];
        }),
      );
    },
  };
}

export default defineConfig({
  plugins: [react(), pageConfig(), precompress()],
  build: { target: "es2023", sourcemap: false, assetsInlineLimit: 0 },
  server: { proxy },
});
