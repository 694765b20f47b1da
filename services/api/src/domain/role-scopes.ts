/** What a credential may be allowed to do. `ops` scopes belong to operators and stand on no tenant's role. */
export const tenantScopes = [
  "sessions:read",
  "sessions:write",
  "sessions:pair",
  "messages:read",
  "messages:send",
  "campaigns:read",
  "campaigns:write",
  "campaigns:run",
  "templates:read",
  "templates:write",
  "contacts:read",
  "contacts:write",
  "consents:read",
  "consents:write",
  "groups:read",
  "groups:write",
  "webhooks:read",
  "webhooks:write",
  "events:read",
  "keys:read",
  "keys:write",
  "tenant:read",
  "tenant:write",
  "usage:read",
  "audit:read",
  "sim:read",
  "sim:write",
] as const;
export type Scope = (typeof tenantScopes)[number];

const of = (...subjects: string[]): Scope[] => tenantScopes.filter((scope) => subjects.includes(scope.split(":")[0]!));

const scopesByRole: ReadonlyMap<string, readonly Scope[]> = new Map<string, readonly Scope[]>([
  ["owner", tenantScopes],
  // Closing the tenant is the owner's alone, and is no scope.
  ["admin", tenantScopes],
  ["developer", of("sessions", "messages", "webhooks", "events", "keys", "sim")],
  ["campaigner", [...of("campaigns", "templates", "contacts", "consents"), "sessions:read", "messages:read"]],
  ["inbox", [...of("messages", "contacts", "consents"), "templates:read", "sessions:read"]],
  [
    "viewer",
    tenantScopes.filter((scope) => scope.endsWith(":read") && scope !== "keys:read" && scope !== "audit:read"),
  ],
]);

/** The scopes of a member's role; none for a role this version does not know. */
export function scopesOfRole(role: string): readonly Scope[] {
  return scopesByRole.get(role) ?? [];
}
