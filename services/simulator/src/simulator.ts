import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { WebSocketServer } from "ws";
import type { SimulatorConfig } from "./config.ts";
import { createControlApi } from "./control-api.ts";
import { lastingParts } from "./lasting-state.ts";
import { Network } from "./network.ts";
import { tuneLibsignal } from "./people/tune-libsignal.ts";
import { createTlsCertificate, type TlsCertificate } from "./protocol/tls-certificate.ts";
import { findScenario } from "./scenario/scenarios.ts";
import { StateStore } from "./state-store.ts";

/** A running network; disposing of it ends all connections and writes what must outlive it. */
export interface Simulator extends AsyncDisposable {
  readonly network: Network;
  /** What a client connects to (`waWebSocketUrl`). */
  readonly webSocketUrl: string;
  /** The certificate that clients have to trust; undefined without TLS. */
  readonly caPem: string | undefined;
  /** Base of the control API. */
  readonly controlUrl: string;
}

const WEBSOCKET_PATH = "/ws/chat";
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

/**
 * Opens the network, its port and its data folder. Throws when the port is taken, the folder is unreadable or the
 * scenario is none (ScenarioError).
 */
export async function openSimulator(config: SimulatorConfig, logger: Logger): Promise<Simulator> {
  tuneLibsignal();
  const scenario = config.scenario === undefined ? undefined : await findScenario(config.scenario);
  const store = config.dataDir === undefined ? undefined : new StateStore(config.dataDir, logger);
  const secret = await chooseSecret(config, store);
  const network = new Network({
    secret,
    addressing: config.addressing,
    seed: config.seed ?? 1,
    ledgerRows: config.ledgerRows,
    chatLines: config.chatLines,
    mediaBytes: config.mediaMebibytes * 1024 * 1024,
    mediaHost: config.mediaHost,
    recordedStanzas: config.recordedStanzas,
    logger,
    changed: (phone) => store?.changed(phone),
    groupsChanged: () => store?.groupsChanged(),
  });
  await store?.open(network.accounts, network.groups, lastingParts(network));
  const certificate = config.tls ? await chooseCertificate(config, store) : undefined;
  const server = createHttpServer(createControlApi(network, certificate?.cert), certificate);
  const sockets = new WebSocketServer({
    server,
    path: WEBSOCKET_PATH,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    verifyClient: (_client: unknown, decide: (accept: boolean, code?: number) => void) => {
      const fault = network.faults.hit("refuse_upgrade", {});
      decide(fault === undefined, fault?.code);
    },
  });
  // The server repeats its errors on the WebSocket server, where nobody would hear them: `listen` throws them.
  sockets.on("error", () => undefined);
  sockets.on("connection", (socket, request) => network.accept(socket, request.headers.host));
  await listen(server, config);
  if (scenario) network.scenarios.start(scenario);
  const { port } = server.address() as AddressInfo;
  const host = config.host.includes(":") ? `[${config.host}]` : config.host;
  network.mediaHost = config.mediaHost ?? `${host}:${port}`;
  const secure = config.tls ? "s" : "";
  return {
    network,
    caPem: certificate?.cert,
    webSocketUrl: `ws${secure}://${host}:${port}${WEBSOCKET_PATH}`,
    controlUrl: `http${secure}://${host}:${port}`,
    async [Symbol.asyncDispose]() {
      network.close();
      sockets.close();
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
      await store?.close();
    },
  };
}

async function chooseSecret(config: SimulatorConfig, store: StateStore | undefined): Promise<Buffer> {
  if (config.seed !== undefined) return createHash("sha256").update(`simulator seed ${config.seed}`).digest();
  return (await store?.loadSecret()) ?? randomBytes(32);
}

/** The files named in the configuration, else the certificate of the data folder, else a fresh one. */
async function chooseCertificate(config: SimulatorConfig, store: StateStore | undefined): Promise<TlsCertificate> {
  const { tlsCert, tlsKey } = config;
  if (tlsCert !== undefined && tlsKey !== undefined) {
    return { cert: await readFile(tlsCert, "utf8"), key: await readFile(tlsKey, "utf8") };
  }
  const hosts = [...new Set(["localhost", "127.0.0.1", "::1", config.host])];
  const create = (): TlsCertificate => createTlsCertificate(hosts, new Date());
  return (await store?.loadCertificate(create)) ?? create();
}

function createHttpServer(app: RequestListener, certificate: TlsCertificate | undefined): Server {
  return certificate ? createTlsServer({ ...certificate }, app) : createServer(app);
}

async function listen(server: Server, { host, port }: SimulatorConfig): Promise<void> {
  server.listen(port, host);
  await once(server, "listening");
}
