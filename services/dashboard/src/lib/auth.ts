import { AuthClient, type AuthError, type Session } from "@supabase/auth-js";
import type { PageConfig } from "./page-config.ts";

export type AuthSession = Session;
/** What to tell a person; `confirm` says that a mail was sent, if the address was new. */
export type AuthOutcome = { ok: true; confirm: boolean } | { ok: false; sentence: string };

const renewBeforeMs = 30_000;

/**
 * Supabase Auth and nothing else of Supabase: data goes through our API. Of refusals only those are told apart that
 * say nothing about whether an account exists.
 */
export function createAuth(config: PageConfig) {
  const client = new AuthClient({
    url: `${config.supabaseUrl}/auth/v1`,
    headers: { apikey: config.supabasePublishableKey },
    storageKey: "flotilla-auth",
    autoRefreshToken: true,
    persistSession: true,
    detectSessionInUrl: false,
  });

  return {
    onChange(listener: (session: Session | null, event: string) => void): () => void {
      const { data } = client.onAuthStateChange((event, session) => listener(session, event));
      return () => data.subscription.unsubscribe();
    },
    async session(): Promise<Session | null> {
      return (await client.getSession()).data.session;
    },
    /** The access token to send now; renewed first when it is about to end or when asked to. */
    async token(options: { renew?: boolean } = {}): Promise<string | null> {
      const { session } = (await client.getSession()).data;
      if (!session) return null;
      const endsSoon = (session.expires_at ?? 0) * 1000 - Date.now() < renewBeforeMs;
      if (!options.renew && !endsSoon) return session.access_token;
      const renewed = (await client.refreshSession()).data.session;
      return renewed?.access_token ?? session.access_token;
    },
    async signIn(email: string, password: string): Promise<AuthOutcome> {
      const { error } = await client.signInWithPassword({ email, password });
      return error ? refused(error, "The e-mail or the password is not right.") : { ok: true, confirm: false };
    },
    async signUp(email: string, password: string): Promise<AuthOutcome> {
      const { data, error } = await client.signUp({ email, password });
      if (!error) return { ok: true, confirm: data.session === null };
      return refused(error, "The account could not be made. If you already have one, sign in instead.");
    },
    async signOut(): Promise<void> {
      await client.signOut({ scope: "local" });
    },
  };
}
export type Auth = ReturnType<typeof createAuth>;

function refused(error: AuthError, otherwise: string): AuthOutcome {
  const says = (sentence: string): AuthOutcome => ({ ok: false, sentence });
  if (error.name === "AuthRetryableFetchError") return says("The sign-in service cannot be reached. Try again.");
  if (error.code === "weak_password") return says("The password is too weak: take at least 8 characters.");
  if (error.status === 429) return says("Too many tries. Wait a minute, then try again.");
  return says(otherwise);
}
