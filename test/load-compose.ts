import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

export const ROOT = join(import.meta.dirname, "..");

/** What our tests look at in a service of docker-compose.yml; whether the rest is well-formed is the schema's business. */
const Service = z.looseObject({
  image: z.string(),
  container_name: z.string().optional(),
  user: z.string().optional(),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  restart: z.string().optional(),
  ports: z.array(z.string()).default([]),
  profiles: z.array(z.string()).default([]),
  networks: z.array(z.string()),
  environment: z.record(z.string(), z.union([z.string(), z.number(), z.null()])).default({}),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  build: z.object({ target: z.string(), args: z.record(z.string(), z.string()).default({}) }).optional(),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  stop_grace_period: z.string().optional(),
  deploy: z.object({
    replicas: z.int().optional(),
    resources: z.object({ limits: z.object({ cpus: z.string(), memory: z.string() }) }),
  }),
});

export type ComposeService = z.infer<typeof Service>;

/** A file of the repository as text. */
export function readRootFile(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** docker-compose.yml as plain data, its anchors and merges resolved, variables left as they are written. */
export function readComposeDocument(): unknown {
  return parse(readRootFile("docker-compose.yml"), { merge: true });
}

/** Every service of docker-compose.yml by name. */
export function readComposeServices(): Record<string, ComposeService> {
  return z.looseObject({ services: z.record(z.string(), Service) }).parse(readComposeDocument()).services;
}
