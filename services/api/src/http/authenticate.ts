import { AppError } from "@flotilla/shared/contract/problem";
import { monotonicMs } from "@flotilla/shared/runtime/clock";
import type { VerifyToken } from "@flotilla/shared/runtime/jwt";
import type { Request } from "express";
import { scopesOf } from "../domain/role-scopes.ts";
import type { Membership, Memberships } from "../ports.ts";
import type { Caller } from "./route.ts";

const rememberMs = 2_000;
const mostRemembered = 10_000;

/**
 * Names the caller of a request from its bearer token. A membership is remembered for 2 seconds, so one taken away ends
 * within 2 seconds. Throws `unauthenticated`, `token_expired`, `insufficient_scope` for a tenant that is not the
 * member's, or `unavailable`.
 */
export function createAuthenticator({
  verifyToken,
  memberships,
}: {
  verifyToken: VerifyToken;
  memberships: Memberships;
}): (request: Request) => Promise<Caller> {
  const remembered = new Map<string, { at: number; found: Promise<Membership[]> }>();

  function membershipsOf(memberId: string): Promise<Membership[]> {
    const known = remembered.get(memberId);
    if (known !== undefined && monotonicMs() - known.at < rememberMs) return known.found;
    if (remembered.size >= mostRemembered) remembered.clear();
    const found = memberships.of(memberId);
    found.catch(() => remembered.delete(memberId));
    remembered.set(memberId, { at: monotonicMs(), found });
    return found;
  }

  return async (request) => {
    const { memberId, email } = await verifyToken(bearerOf(request));
    const found = await membershipsOf(memberId);
    const wanted = request.get("x-tenant")?.toLowerCase();
    const membership = wanted === undefined ? found[0] : found.find(({ tenantId }) => tenantId === wanted);
    if (membership === undefined)
      throw new AppError(
        "insufficient_scope",
        wanted === undefined ? "You belong to no tenant" : "X-Tenant names no tenant of yours",
      );
    const { tenantId, name, role, operator } = membership;
    return {
      tenant: { id: tenantId, name },
      member: { id: memberId, email, role },
      scopes: scopesOf({ role, operator }),
    };
  };
}

/** The token of the Authorization header; never from the URL, where it would end in logs and histories. */
function bearerOf(request: Request): string {
  const header = request.get("authorization");
  if (request.get("x-api-key") !== undefined || header?.startsWith("Bearer flo_live_"))
    throw new AppError("unauthenticated", "API keys are not available yet: use a member's access token");
  if (header === undefined) throw new AppError("unauthenticated", "Send Authorization: Bearer <access token>");
  const token = /^Bearer +([\w.~+/=-]+) *$/i.exec(header)?.[1];
  if (token === undefined) throw new AppError("unauthenticated", "The Authorization header must read Bearer <token>");
  return token;
}
