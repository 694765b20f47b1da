import { Alert, Anchor, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useServices } from "../app-context.tsx";
import { Brand } from "../components/brand.tsx";
import { ColorSchemeSwitch } from "../components/color-scheme-switch.tsx";
import classes from "./sign-in-page.module.css";

/** Signing in and up with e-mail and password. Refusals never say whether an account exists. */
export function SignInPage() {
  const { auth } = useServices();
  const [mode, setMode] = useState<"in" | "up">("in");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const isNew = mode === "up";
  const attempt = useMutation({
    mutationFn: () => (isNew ? auth.signUp(email.trim(), password) : auth.signIn(email.trim(), password)),
  });
  const outcome = attempt.data;

  return (
    <div className={classes["page"]}>
      <div className={classes["corner"]}>
        <ColorSchemeSwitch />
      </div>
      <main className={classes["card"]}>
        <Brand large />
        <h1 className={classes["title"]}>{isNew ? "Create your account" : "Sign in"}</h1>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            attempt.mutate();
          }}
        >
          <Stack gap="sm">
            <TextInput
              label="E-mail"
              type="email"
              name="email"
              autoComplete="username"
              required
              withAsterisk={false}
              size="md"
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
            <PasswordInput
              label="Password"
              name="password"
              autoComplete={isNew ? "new-password" : "current-password"}
              description={isNew ? "At least 8 characters" : undefined}
              minLength={isNew ? 8 : undefined}
              required
              withAsterisk={false}
              size="md"
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            <div aria-live="polite">
              {outcome?.ok === false && <Alert color="red">{outcome.sentence}</Alert>}
              {outcome?.ok && outcome.confirm && (
                <Alert color="sea">If this address is new, a mail is on its way: follow its link, then sign in.</Alert>
              )}
            </div>
            <Button type="submit" size="md" loading={attempt.isPending}>
              {isNew ? "Create account" : "Sign in"}
            </Button>
          </Stack>
        </form>
        <p className={classes["other"]}>
          {isNew ? "Already a member? " : "New here? "}
          <Anchor
            component="button"
            type="button"
            onClick={() => {
              attempt.reset();
              setMode(isNew ? "in" : "up");
            }}
          >
            {isNew ? "Sign in" : "Create an account"}
          </Anchor>
        </p>
      </main>
      <p className={classes["small"]}>
        Linking devices this way is unofficial and may breach WhatsApp’s terms: write only to people who want it.
      </p>
    </div>
  );
}
