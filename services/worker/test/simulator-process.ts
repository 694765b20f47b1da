import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../simulator/src/main.ts", import.meta.url));

/** One message as the recipient's phone got it. */
interface LedgerRow {
  wa_message_id: string;
  wire_copies: number;
  visible_copies: number;
  failed_decryptions: number;
  text_sha256: string | null;
}

/** A simulated WhatsApp network in a process of its own, on a free port. */
export interface SimulatorProcess extends AsyncDisposable {
  webSocketUrl: string;
  /** Root key of its certificates, base64. */
  rootKey: string;
  /** Calls the control API. Rejects on any status but 2xx, with the answer's text. */
  call<T>(method: "GET" | "POST" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<T>;
  ledgerOf(phone: string, sender: string): Promise<LedgerRow[]>;
}

/** Starts it and waits until it listens. Rejects with its output when it ends before. */
export async function startSimulator(...flags: string[]): Promise<SimulatorProcess> {
  const child = spawn(process.execPath, [program, "--port", "0", "--log-format", "json", ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const { webSocketUrl, controlUrl } = await new Promise<{ webSocketUrl: string; controlUrl: string }>(
    (resolve, reject) => {
      let output = "";
      const read = (chunk: Buffer): void => {
        output += chunk.toString();
        const ready = /ready at (wss?:\S+), control API at (https?:\S+)\/sim\/v1/.exec(output);
        if (ready) resolve({ webSocketUrl: ready[1]!, controlUrl: ready[2]! });
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.once("exit", (code) => reject(new Error(`the simulator ended with ${code}: ${output}`)));
    },
  );

  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${controlUrl}/sim/v1${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  };
  // With a certificate of its own nobody here trusts it; such a network is only good for refusing it.
  const rootKey = flags.includes("--tls") ? "" : (await call<{ public_key: string }>("GET", "/root-key")).public_key;
  return {
    webSocketUrl,
    rootKey,
    call,
    async ledgerOf(phone, sender) {
      return (await call<{ rows: LedgerRow[] }>("GET", `/ledger?phone=${phone}&sender=${sender}`)).rows;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
