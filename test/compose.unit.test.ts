import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { generateSecrets } from "../docker/generate-env.ts";
import { ROOT, readComposeServices, readRootFile } from "./load-compose.ts";

const services = readComposeServices();
const ours = ["api", "worker", "realtime", "dashboard", "simulator"];
const text = readRootFile("docker-compose.yml");

describe("docker-compose.yml holds the whole stack", () => {
  test("every part is there, the simulator only on request", () => {
    const always = Object.keys(services).filter((name) => services[name]?.profiles.length === 0);
    expect(always.toSorted()).toEqual(
      ["api", "auth", "dashboard", "db", "gateway", "migrate", "realtime", "redis", "rest", "worker"].toSorted(),
    );
    expect(services["simulator"]?.profiles).toEqual(["simulator"]);
  });

  test("two workers and two realtime replicas, free to be scaled", () => {
    expect(services["worker"]?.deploy.replicas).toBe(2);
    expect(services["realtime"]?.deploy.replicas).toBe(2);
    expect(["worker", "realtime", "api"].flatMap((name) => services[name]?.ports)).toEqual([]);
    expect(text).not.toContain("container_name");
  });

  test("a worker gets the 45 s that its shutdown may take", () => {
    expect(services["worker"]?.stop_grace_period).toBe("45s");
  });

  const waits = Object.entries(services).flatMap(([name, service]) =>
    Object.entries(service.depends_on).map(([other, { condition }]) => ({ name, other, condition })),
  );

  test.each(waits)("$name waits for $other to be healthy, or to have run if it runs once", ({ other, condition }) => {
    const wanted = services[other]?.restart === "no" ? "service_completed_successfully" : "service_healthy";
    expect(services).toHaveProperty(other);
    expect(condition).toBe(wanted);
  });

  test.each(["db", "redis", "auth", "rest"])("%s stands on the inner network only, which has no way out", (name) => {
    expect(services[name]?.networks).toEqual(["data"]);
    expect(text).toMatch(/data: \{ internal: true \}/);
  });
});

const all = Object.entries(services);
const built = all.filter(([, service]) => service.build !== undefined);

test.each(all)("%s has no capabilities, cannot gain any, and is bounded", (_, service) => {
  expect(service.cap_drop).toEqual(["ALL"]);
  expect(service.security_opt).toContain("no-new-privileges:true");
  expect(service.deploy.resources.limits.memory).toMatch(/^\d+[mg]$/);
});

// The database's entry point drops from root by itself and writes outside its volumes; the file says so.
test.each(all.filter(([name]) => name !== "db"))("%s is not root and cannot write its own image", (_, service) => {
  expect(service.read_only).toBe(true);
  expect(service.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
});

test.each(all.filter(([, service]) => service.restart !== "no"))("%s says when it is healthy", (_, service) => {
  expect(service.healthcheck?.test[0]).toMatch(/^CMD/);
});

test("ports are published to this machine only, unless told otherwise", () => {
  const ports = all.flatMap(([, service]) => service.ports);
  expect(ports.length).toBeGreaterThan(0);
  expect(ports.filter((port) => !/^\$\{BIND_ADDRESS:-127\.0\.0\.1\}:/.test(port))).toEqual([]);
});

test.each(all.filter(([, service]) => service.build === undefined))("the image of %s is pinned", (_, service) => {
  expect(service.image).toMatch(/:v?\d+\.\d+/);
});

test.each(built)("%s is built from a target of our Dockerfile and a folder of ours", (_, { build }) => {
  const entry = build?.target === "service" ? `services/${build.args["SERVICE"]}/src/main.ts` : "docker/Dockerfile";
  expect(readRootFile("docker/Dockerfile")).toContain(` AS ${build?.target}\n`);
  expect(existsSync(join(ROOT, entry))).toBe(true);
});

describe("secrets", () => {
  const asked = [...text.matchAll(/\$\{(\w+):\?/g)].map((match) => match[1] as string);

  test("every secret is asked for by name and none has a default", () => {
    const written = [...text.matchAll(/\$\{\w*(?:PASSWORD|SECRET|KEY)\w*([^}]*)\}/g)];
    expect(written.length).toBeGreaterThan(10);
    expect(written.filter((match) => !match[1]?.startsWith(":?"))).toEqual([]);
  });

  test("no service is given a secret in plain text", () => {
    const secret = /PASSWORD$|SECRET$|KEY$|_URI$|DATABASE_URL$|REDIS_URL$/;
    const plain = Object.entries(services).flatMap(([name, service]) =>
      Object.entries(service.environment)
        .filter(([variable, value]) => secret.test(variable) && value !== null && !String(value).includes(":?"))
        .map(([variable]) => `${name}: ${variable}`),
    );
    expect(plain).toEqual([]);
  });

  test("the generator writes all that is asked for, and .env.example names them without a value", () => {
    const generated = generateSecrets(new Date());
    expect(Object.keys(generated).toSorted()).toEqual([...new Set(asked)].toSorted());
    for (const name of asked) expect(readRootFile(".env.example")).toMatch(new RegExp(`^${name}=$`, "m"));
  });
});

describe("configuration of our services", () => {
  const contract: Record<string, string[]> = {
    api: ["SUPABASE_URL", "SUPABASE_SECRET_KEY", "SUPABASE_JWT_SECRET", "REDIS_URL", "SIMULATOR_URL", "CORS_ORIGINS"],
    worker: [
      "SUPABASE_URL",
      "SUPABASE_SECRET_KEY",
      "REDIS_URL",
      "CREDENTIALS_KEY",
      "WHATSAPP_URL",
      "WHATSAPP_ROOT_KEY",
    ],
    realtime: ["SUPABASE_URL", "SUPABASE_SECRET_KEY", "SUPABASE_JWT_SECRET", "REDIS_URL", "CORS_ORIGINS"],
    dashboard: ["API_URL", "REALTIME_URLS", "SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SIMULATOR_URL"],
    simulator: [],
  };

  test.each(ours)("%s is given what it needs", (name) => {
    const given = Object.keys(services[name]?.environment ?? {});
    expect(given).toEqual(expect.arrayContaining(["NODE_ENV", "HOST", "PORT", "LOG_LEVEL", ...(contract[name] ?? [])]));
  });

  const configs = ours
    .map((name) => [name, `services/${name}/${name === "dashboard" ? "server" : "src"}/config.ts`] as const)
    .filter(([, file]) => existsSync(join(ROOT, file)));

  test.each(configs)("%s is given nothing that it does not read", (name, file) => {
    const shared = globSync("shared/src/runtime/*.ts", { cwd: ROOT }).map(readRootFile);
    const read = [readRootFile(file), ...shared].join("\n");
    const given = Object.keys(services[name]?.environment ?? {});
    expect(given.filter((variable) => !new RegExp(`\\b${variable}\\b`).test(read) && variable !== "NODE_ENV")).toEqual(
      [],
    );
  });

  test("the simulator's address and key have no default: without them a worker speaks to WhatsApp", () => {
    expect(services["worker"]?.environment).toMatchObject({ WHATSAPP_URL: null, WHATSAPP_ROOT_KEY: null });
  });

  test.each(ours)("the health check of %s asks the port that it is told to open", (name) => {
    const port = String(services[name]?.environment["PORT"]);
    expect(services[name]?.healthcheck?.test.join(" ")).toContain(`http://127.0.0.1:${port}/readyz`);
  });

  test("the gateway fills in only what it is given and sends only to services that exist", () => {
    const template = readRootFile("docker/gateway.conf.template");
    const gateway = services["gateway"]?.environment ?? {};
    for (const [, name] of template.matchAll(/"\$\{(\w+)\}"/g)) expect(gateway).toHaveProperty(name as string);
    const ports: Record<string, string> = { auth: "9999", rest: "3000" };
    for (const name of ["api", "realtime"]) ports[name] = String(services[name]?.environment["PORT"]);
    const upstreams = [...template.matchAll(/^\s*set \$\w+ ([\w-]+):(\d+);/gm)].map(([, name, port]) => [name, port]);
    expect(Object.fromEntries(upstreams)).toEqual(ports);
  });
});

test("the Dockerfile copies the manifest of every workspace, or npm ci would not match the lock file", () => {
  const dockerfile = readRootFile("docker/Dockerfile");
  for (const manifest of globSync(["shared/package.json", "services/*/package.json"], { cwd: ROOT })) {
    expect(dockerfile).toContain(`COPY ${manifest} `);
  }
});
