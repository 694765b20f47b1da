import { describe, expect, it } from "vitest";
import { ConfigError, loadConfig } from "./config.ts";

describe("loadConfig", () => {
  it("needs nothing", () => {
    expect(loadConfig([], {})).toMatchObject({ host: "127.0.0.1", port: 3010, tls: false, addressing: "lid" });
  });

  it("takes flags before the environment", () => {
    const env = { PORT: "1", SIMULATOR_DATA_DIR: "/data", SIMULATOR_TLS: "true" };
    expect(loadConfig(["--port", "2", "--no-tls"], env)).toMatchObject({ port: 2, dataDir: "/data", tls: false });
    expect(loadConfig([], env)).toMatchObject({ port: 1, tls: true });
  });

  it("names every mistake at once", () => {
    expect(() => loadConfig(["--port", "70000", "--addressing", "fax"], {})).toThrow(ConfigError);
    expect(() => loadConfig(["--port", "70000", "--addressing", "fax"], {})).toThrow(/--port[^]*--addressing/);
    expect(() => loadConfig(["--colour", "red"], {})).toThrow("--colour");
  });
});
