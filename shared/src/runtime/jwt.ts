import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify, type JWTVerifyOptions } from "jose";
import { z } from "zod";
import { AppError } from "../contract/problem.ts";

/** How members' tokens are verified. Chosen by configuration, never by what a token says about itself. */
export type TokenConfig =
  | { kind: "secret"; secret: string; issuer: string }
  | { kind: "jwks"; jwksUrl: string; issuer: string };

export interface Member {
  memberId: string;
  email: string | null;
  /** When the token ends; a connection must end with it. */
  expiresAt: Date;
}

/**
 * Verifies a member's token: signature, issuer, audience `authenticated`, an end that has not come, a beginning that has,
 * role `authenticated`, a UUID as subject. Throws AppError `token_expired`, `unauthenticated`, or `unavailable` when the
 * signing keys cannot be fetched.
 */
export type VerifyToken = (token: string) => Promise<Member>;

/** Makes the configuration from the variables of `tokenEnvironment`; without a secret, the project's JWKS is used. */
export function tokenConfigOf(environment: {
  SUPABASE_URL: string;
  SUPABASE_JWT_SECRET?: string | undefined;
  SUPABASE_JWKS_URL?: string | undefined;
  SUPABASE_JWT_ISSUER?: string | undefined;
}): TokenConfig {
  const issuer = environment.SUPABASE_JWT_ISSUER ?? `${environment.SUPABASE_URL}/auth/v1`;
  return environment.SUPABASE_JWT_SECRET !== undefined
    ? { kind: "secret", secret: environment.SUPABASE_JWT_SECRET, issuer }
    : {
        kind: "jwks",
        jwksUrl: environment.SUPABASE_JWKS_URL ?? `${environment.SUPABASE_URL}/auth/v1/.well-known/jwks.json`,
        issuer,
      };
}

const longestToken = 16_384;
const clockToleranceSeconds = 5;
const Claims = z.object({
  sub: z.uuid(),
  role: z.literal("authenticated"),
  exp: z.int(),
  email: z.string().optional(),
});

/** Makes the verifier; the JWKS, when there is one, is fetched with the first token and kept 10 minutes. */
export function createTokenVerifier(config: TokenConfig): VerifyToken {
  const verifySignature = config.kind === "secret" ? bySecret(config) : byJwks(config);
  return async (token) => {
    if (token.length > longestToken) throw refuse("The token is too long");
    const claims = Claims.safeParse(await verifySignature(token).catch(rethrow));
    if (!claims.success) throw refuse("The token is not a member's", claims.error);
    const { sub, email, exp } = claims.data;
    return { memberId: sub.toLowerCase(), email: email || null, expiresAt: new Date(exp * 1_000) };
  };
}

type VerifySignature = (token: string) => Promise<JWTPayload>;

function bySecret({ secret, issuer }: Extract<TokenConfig, { kind: "secret" }>): VerifySignature {
  const key = new TextEncoder().encode(secret);
  const options: JWTVerifyOptions = {
    algorithms: ["HS256"],
    audience: "authenticated",
    requiredClaims: ["exp", "sub"],
    clockTolerance: clockToleranceSeconds,
  };
  return async (token) => {
    const { payload } = await jwtVerify(token, key, options);
    // The embedded Auth (@supabase/lite 0.10) writes no issuer. Who holds the secret may sign for this project only, so
    // a missing one is accepted here; another one never is.
    if (payload.iss !== undefined && payload.iss !== issuer) throw refuse("The token comes from another issuer");
    return payload;
  };
}

function byJwks({ jwksUrl, issuer }: Extract<TokenConfig, { kind: "jwks" }>): VerifySignature {
  const keys = createRemoteJWKSet(new URL(jwksUrl), {
    cacheMaxAge: 600_000,
    cooldownDuration: 30_000,
    timeoutDuration: 5_000,
  });
  const options: JWTVerifyOptions = {
    algorithms: ["ES256", "RS256"],
    issuer,
    audience: "authenticated",
    requiredClaims: ["exp", "sub"],
    clockTolerance: clockToleranceSeconds,
  };
  return async (token) => (await jwtVerify(token, keys, options)).payload;
}

const refuse = (detail: string, cause?: unknown) => new AppError("unauthenticated", detail, { cause });

/** Faults of the token are the caller's; faults of fetching keys are ours and may pass. */
function rethrow(error: unknown): never {
  if (error instanceof AppError) throw error;
  if (error instanceof errors.JWTExpired)
    throw new AppError("token_expired", "The token has expired", { cause: error });
  const fromToken =
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys;
  if (fromToken || error instanceof TypeError || error instanceof SyntaxError) {
    // A TypeError that comes from the network is fetch's own ("fetch failed"), everything else is a malformed token.
    if (!(error instanceof TypeError && /fetch/.test(error.message))) throw refuse("The token is not valid", error);
  }
  throw new AppError("unavailable", "The keys that sign members' tokens cannot be fetched", {
    cause: error,
    retryAfterSeconds: 30,
  });
}
