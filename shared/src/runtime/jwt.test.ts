import { createServer } from "node:http";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AppError } from "../contract/problem.ts";
import { createTokenVerifier, tokenConfigOf } from "./jwt.ts";

const secret = "a-shared-secret-of-more-than-32-characters";
const issuer = "http://127.0.0.1:54321/auth/v1";
const memberId = "0198c0de-7a00-7000-8000-000000000001";
const now = () => Math.floor(Date.now() / 1_000);
const good = () => ({
  iss: issuer,
  sub: memberId,
  aud: "authenticated",
  role: "authenticated",
  exp: now() + 600,
  email: "a@b.example",
});
const key = new TextEncoder().encode(secret);
const hs = (claims: object, alg = "HS256", with_: Uint8Array = key, header: object = {}) =>
  new SignJWT({ ...claims }).setProtectedHeader({ alg, ...header }).sign(with_);
const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(good()).filter(([name]) => !names.includes(name)));

const codeOf = (verify: (token: string) => Promise<unknown>, token: string): Promise<string> =>
  verify(token).then(
    () => "accepted",
    (error: AppError) => error.code,
  );

describe("tokens signed with the shared secret", () => {
  const verify = createTokenVerifier({ kind: "secret", secret, issuer });

  it("names the member and when the token ends", async () => {
    const claims = good();
    expect(await verify(await hs(claims))).toEqual({
      memberId,
      email: "a@b.example",
      expiresAt: new Date(claims.exp * 1_000),
    });
  });

  it("accepts the embedded Auth's tokens, which have no issuer", async () => {
    expect(await codeOf(verify, await hs(without("iss")))).toBe("accepted");
  });

  const hostile: [string, () => Promise<string> | string, string][] = [
    ["an empty text", () => "", "unauthenticated"],
    ["rubbish", () => "a.b.c", "unauthenticated"],
    ["two parts", async () => (await hs(good())).split(".").slice(0, 2).join("."), "unauthenticated"],
    ["100 KB", () => `${"a".repeat(100_000)}.b.c`, "unauthenticated"],
    ["alg none", () => new UnsecuredJWT(good()).setIssuedAt().encode(), "unauthenticated"],
    ["HS512 with the right secret", () => hs(good(), "HS512", Buffer.concat([key, key])), "unauthenticated"],
    ["another secret", () => hs(good(), "HS256", new TextEncoder().encode("x".repeat(40))), "unauthenticated"],
    [
      "a zero signature",
      async () => `${(await hs(good())).split(".").slice(0, 2).join(".")}.${"A".repeat(43)}`,
      "unauthenticated",
    ],
    [
      "changed claims",
      async () => {
        const [head, , signature] = (await hs(good())).split(".");
        return `${head}.${Buffer.from(JSON.stringify({ ...good(), sub: memberId.replace("1", "2") })).toString("base64url")}.${signature}`;
      },
      "unauthenticated",
    ],
    ["no end", () => hs(without("exp")), "unauthenticated"],
    ["an end that has come", () => hs({ ...good(), exp: now() - 60 }), "token_expired"],
    ["a beginning ahead", () => hs({ ...good(), nbf: now() + 600 }), "unauthenticated"],
    ["another issuer", () => hs({ ...good(), iss: "https://evil.example/auth/v1" }), "unauthenticated"],
    ["another audience", () => hs({ ...good(), aud: "anon" }), "unauthenticated"],
    ["no audience", () => hs(without("aud")), "unauthenticated"],
    ["the service role", () => hs({ ...good(), role: "service_role" }), "unauthenticated"],
    ["the role postgres", () => hs({ ...good(), role: "postgres" }), "unauthenticated"],
    ["no subject", () => hs(without("sub")), "unauthenticated"],
    ["a subject that is no UUID", () => hs({ ...good(), sub: "admin" }), "unauthenticated"],
    [
      "an unknown critical header",
      () => {
        const head = Buffer.from(JSON.stringify({ alg: "HS256", crit: ["x"], x: 1 })).toString("base64url");
        return `${head}.${Buffer.from(JSON.stringify(good())).toString("base64url")}.AAAA`;
      },
      "unauthenticated",
    ],
  ];
  it.each(hostile)("refuses %s", async (_, make, code) => {
    expect(await codeOf(verify, await make())).toBe(code);
  });
});

describe("tokens verified by the project's published keys", () => {
  let fetches = 0;
  let serve = true;
  const server = createServer((_, response) => {
    fetches++;
    response.writeHead(serve ? 200 : 500, { "content-type": "application/json" });
    response.end(JSON.stringify({ keys: [jwk] }));
  });
  let jwk: object;
  let pair: Awaited<ReturnType<typeof generateKeyPair>>;
  let jwksUrl = "";
  beforeAll(async () => {
    pair = await generateKeyPair("ES256");
    jwk = { ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "ES256" };
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    jwksUrl = `http://127.0.0.1:${(server.address() as { port: number }).port}/jwks.json`;
  });
  afterAll(() => void server.close());
  const es = (claims: object, header: object = { kid: "k1" }) =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg: "ES256", ...header }).sign(pair.privateKey);

  it("accepts a member's token and fetches the keys once", async () => {
    const verify = createTokenVerifier({ kind: "jwks", jwksUrl, issuer });
    fetches = 0;
    expect(await codeOf(verify, await es(good()))).toBe("accepted");
    expect(await codeOf(verify, await es(good()))).toBe("accepted");
    expect(fetches).toBe(1);
  });

  it("asks for unknown keys at most once in the cooldown, and no address a token names", async () => {
    const verify = createTokenVerifier({ kind: "jwks", jwksUrl, issuer });
    await verify(await es(good()));
    fetches = 0;
    for (let index = 0; index < 50; index++)
      expect(await codeOf(verify, await es(good(), { kid: `x${index}`, jku: "http://127.0.0.1:1/" }))).toBe(
        "unauthenticated",
      );
    expect(fetches).toBeLessThanOrEqual(1);
  });

  it("refuses HS256 signed with the public key as its secret", async () => {
    const verify = createTokenVerifier({ kind: "jwks", jwksUrl, issuer });
    const forged = await hs(good(), "HS256", new TextEncoder().encode(await exportSPKI(pair.publicKey)), { kid: "k1" });
    expect(await codeOf(verify, forged)).toBe("unauthenticated");
  });

  it("insists on the issuer", async () => {
    const verify = createTokenVerifier({ kind: "jwks", jwksUrl, issuer });
    expect(await codeOf(verify, await es(without("iss")))).toBe("unauthenticated");
    expect(await codeOf(verify, await es({ ...good(), iss: "https://evil.example" }))).toBe("unauthenticated");
  });

  it("is unavailable, not unauthenticated, when the keys cannot be fetched", async () => {
    serve = false;
    expect(await codeOf(createTokenVerifier({ kind: "jwks", jwksUrl, issuer }), await es(good()))).toBe("unavailable");
    serve = true;
    const nowhere = createTokenVerifier({ kind: "jwks", jwksUrl: "http://127.0.0.1:1/jwks.json", issuer });
    expect(await codeOf(nowhere, await es(good()))).toBe("unavailable");
  });
});

describe("tokenConfigOf", () => {
  const SUPABASE_URL = "http://127.0.0.1:54321";
  it("chooses by what is configured", () => {
    expect(tokenConfigOf({ SUPABASE_URL, SUPABASE_JWT_SECRET: secret })).toEqual({ kind: "secret", secret, issuer });
    expect(tokenConfigOf({ SUPABASE_URL, SUPABASE_JWT_ISSUER: "https://x.example" })).toEqual({
      kind: "jwks",
      jwksUrl: `${SUPABASE_URL}/auth/v1/.well-known/jwks.json`,
      issuer: "https://x.example",
    });
  });
});
