import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { expect, test } from "vitest";

import { readComposeDocument } from "./load-compose.ts";

// dclint carries the JSON schema of the Compose Specification as published. It names its draft by an https address that
// Ajv does not know as draft 7, hence validateSchema: false: the schema itself is not what is tested here.
const schemaFile = join(
  dirname(fileURLToPath(import.meta.resolve("dclint/package.json"))),
  "schemas/compose.schema.json",
);
const validate = new Ajv({ strict: false, validateSchema: false, validateFormats: false, allErrors: true }).compile(
  JSON.parse(readFileSync(schemaFile, "utf8")) as object,
);

function problems(document: unknown): string[] {
  validate(document);
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ""}`);
}

test("docker-compose.yml is what the Compose Specification's own schema asks for", () => {
  expect(problems(readComposeDocument())).toEqual([]);
});

test.each<[string, (worker: Record<string, unknown>) => void]>([
  ["a misspelt key", (worker) => Object.assign(worker, { helthcheck: { test: ["CMD", "true"] } })],
  ["a duration that is a number of replicas", (worker) => Object.assign(worker, { stop_grace_period: 45 })],
  ["a replica count in words", (worker) => Object.assign(worker, { deploy: { replicas: [] } })],
])("the schema refuses %s", (_, spoil) => {
  const document = structuredClone(readComposeDocument()) as { services: { worker: Record<string, unknown> } };
  spoil(document.services.worker);
  expect(problems(document)).not.toEqual([]);
});
