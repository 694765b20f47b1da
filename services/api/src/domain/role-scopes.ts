/** What a member may be allowed to do in a tenant. */
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
/** What an operator of the installation may do besides; on no tenant's role. These routes show ids and counts, never content. */
export const operatorScopes = ["ops:read", "ops:write"] as const;
type TenantScope = (typeof tenantScopes)[number];
export type Scope = TenantScope | (typeof operatorScopes)[number];

const of = (...subjects: string[]): TenantScope[] =>
  tenantScopes.filter((scope) => subjects.includes(scope.split(":")[0]!));

const scopesByRole: ReadonlyMap<string, readonly TenantScope[]> = new Map<string, readonly TenantScope[]>([
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

/** The scopes of a member: those of the role (none for a role this version does not know), and an operator's. */
export function scopesOf({ role, operator }: { role: string; operator: boolean }): readonly Scope[] {
  return [...(scopesByRole.get(role) ?? []), ...(operator ? operatorScopes : [])];
}
