import { decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from "jose";

/** What a Supabase gateway lets through to the world. */
const PUBLIC_PREFIXES = ["/auth/v1/", "/rest/v1/"];

/** Auth routes whose answer carries a new access token. */
const TOKEN_ROUTES = /^\/auth\/v1\/(?:signup|token|verify|callback)$/;

/** The roles a token may name. */
const CLIENT_ROLES = new Set(["anon", "authenticated", "service_role"]);

export type GatewayOptions = {
  /** The library's own handler. It also serves administration without any key, which must not be reachable. */
  handle: (request: Request) => Promise<Response>;
  jwtSecret: string;
  /** `iss` of the tokens we hand out: `<url>/auth/v1`, as on a hosted project. */
  issuer: string;
};

/**
 * The door in front of `@supabase/lite`: only the public routes pass, judged on the path as parsed; tokens it would
 * take for less or more than they are do not pass; and new tokens leave with an issuer, which the library does not set.
 */
export function createGateway({ handle, jwtSecret, issuer }: GatewayOptions): (request: Request) => Promise<Response> {
  const key = new TextEncoder().encode(jwtSecret);
  return async (request) => {
    const path = new URL(request.url).pathname;
    if (!isPublicPath(path)) return Response.json({ message: "no Route matched with those values" }, { status: 404 });
    if (!isAcceptableToken(request.headers.get("authorization"))) {
      return Response.json({ code: "PGRST301", message: "JWT not accepted" }, { status: 401 });
    }
    const response = await handle(request);
    if (response.status !== 200 || !TOKEN_ROUTES.test(path)) return response;
    return await withIssuer(response, key, issuer);
  };
}

/** Whether a parsed path (dots already resolved) may be forwarded; an encoded slash or backslash never may. */
function isPublicPath(path: string): boolean {
  return PUBLIC_PREFIXES.some((prefix) => path.startsWith(prefix)) && !/%2f|%5c|\\/i.test(path);
}

/**
 * The library treats an unsigned token as no token, and becomes whatever database role a signed one names. Signature and
 * expiry are left to it.
 */
export function isAcceptableToken(authorization: string | null): boolean {
  const token = /^Bearer\s+(\S+)$/i.exec(authorization ?? "")?.[1];
  // Keys of the new form travel here too, and are no JWTs.
  if (token === undefined || token.split(".").length !== 3) return true;
  try {
    const { role } = decodeJwt(token);
    return decodeProtectedHeader(token).alg === "HS256" && (role === undefined || CLIENT_ROLES.has(role as string));
  } catch {
    return false;
  }
}

async function withIssuer(response: Response, key: Uint8Array, issuer: string): Promise<Response> {
  const body = (await response.json()) as { access_token?: unknown };
  if (typeof body.access_token === "string") {
    const { payload } = await jwtVerify(body.access_token, key, { algorithms: ["HS256"] });
    body.access_token = await new SignJWT({ ...payload, iss: issuer })
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .sign(key);
  }
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  return Response.json(body, { status: response.status, headers });
}
