import { createClient } from "@supabase/supabase-js";

/** A signed-in member; `token` gives an access token that is still good. */
export type SignedInMember = { token: () => Promise<string>; [Symbol.dispose](): void };

/**
 * Signs the demo member in, or up the first time.
 *
 * @throws when the project asks for a confirmed address first, or refuses
 */
export async function signInDemoMember(
  supabaseUrl: string,
  publishableKey: string,
  member: { email: string; password: string },
): Promise<SignedInMember> {
  const { auth } = createClient(supabaseUrl, publishableKey, { auth: { persistSession: false } });
  const signedIn = await auth.signInWithPassword(member);
  if (signedIn.error) {
    const signedUp = await auth.signUp(member);
    if (signedUp.error) throw new Error(`the demo member cannot sign in: ${signedUp.error.message}`);
    if (!signedUp.data.session) {
      throw new Error(
        "this Supabase project asks for a confirmed email address: switch confirmations off for the demo",
      );
    }
  }
  return {
    async token() {
      const { data, error } = await auth.getSession();
      if (error || !data.session) throw new Error("the demo member's session has ended", { cause: error });
      return data.session.access_token;
    },
    [Symbol.dispose]: () => void auth.stopAutoRefresh(),
  };
}
