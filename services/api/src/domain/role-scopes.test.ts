import { expect, test } from "vitest";
import { operatorScopes, scopesOf, tenantScopes, type Scope } from "./role-scopes.ts";

const cases: { role: string; may: Scope[]; mayNot: Scope[] }[] = [
  { role: "owner", may: [...tenantScopes], mayNot: [] },
  { role: "admin", may: [...tenantScopes], mayNot: [] },
  {
    role: "developer",
    may: ["sessions:pair", "messages:send", "webhooks:write", "events:read", "keys:write"],
    mayNot: ["campaigns:read", "campaigns:run", "consents:read", "tenant:write", "audit:read"],
  },
  {
    role: "campaigner",
    may: ["campaigns:run", "campaigns:write", "contacts:write", "consents:write", "sessions:read", "messages:read"],
    mayNot: ["sessions:write", "sessions:pair", "messages:send", "keys:read"],
  },
  {
    role: "inbox",
    may: ["messages:send", "messages:read", "contacts:write", "templates:read", "sessions:read"],
    mayNot: ["sessions:pair", "campaigns:read", "templates:write", "sessions:write"],
  },
  {
    role: "viewer",
    may: ["sessions:read", "messages:read", "campaigns:read", "events:read", "tenant:read", "usage:read"],
    mayNot: ["keys:read", "audit:read", "messages:send", "sessions:pair", "campaigns:run"],
  },
  { role: "somebody", may: [], mayNot: [...tenantScopes] },
];

test.each(cases)("a $role may do what the role is for and no more", ({ role, may, mayNot }) => {
  const scopes = scopesOf({ role, operator: false });
  for (const scope of may) expect(scopes, scope).toContain(scope);
  for (const scope of mayNot) expect(scopes, scope).not.toContain(scope);
  for (const scope of operatorScopes) expect(scopes, scope).not.toContain(scope);
});

test("an operator may run the installation, whatever the role, and gains nothing in the tenant by it", () => {
  const scopes = scopesOf({ role: "viewer", operator: true });
  expect(scopes).toEqual([...scopesOf({ role: "viewer", operator: false }), ...operatorScopes]);
  expect(scopesOf({ role: "somebody", operator: true })).toEqual(operatorScopes);
});
