import { once } from "node:events";
import { proto } from "@whiskeysockets/baileys";
import { WebSocket } from "ws";
import { encodeNode } from "../../src/protocol/encode-node.ts";
import { frame, FrameReader, streamIntro } from "../../src/protocol/framing.ts";
import { generateKeyPair, type KeyPair } from "../../src/protocol/keys.ts";
import { type BinaryNode, node, parseNode } from "../../src/protocol/node.ts";
import { type CipherStream, decodeHandshake, HandshakeState } from "../../src/protocol/noise.ts";

/**
 * The client's end of a link with nothing around it: handshake, login, stanzas. It does what a client has to do and
 * keeps nothing, so that a load test measures the network and not the library that sends.
 */
export class BareLink {
  readonly #socket: WebSocket;
  readonly #incoming: CipherStream;
  readonly #outgoing: CipherStream;
  readonly #answers = new Map<string, (answer: BinaryNode) => void>();
  readonly #onStanza: (stanza: BinaryNode) => void;
  #outbox: Buffer[] = [];
  #next = 1;

  private constructor(
    socket: WebSocket,
    ciphers: readonly [CipherStream, CipherStream],
    onStanza: (stanza: BinaryNode) => void,
  ) {
    this.#socket = socket;
    [this.#outgoing, this.#incoming] = ciphers;
    this.#onStanza = onStanza;
  }

  /** Logs a linked device in and asks for its stanzas. `onStanza` gets everything but answers to `query`. */
  static async open(
    url: string,
    device: { phone: string; device: number; noise: KeyPair },
    onStanza: (stanza: BinaryNode) => void,
  ): Promise<BareLink> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    await once(socket, "open");
    const frames = new FrameReader();
    frames.push(streamIntro); // the server sends none
    const ephemeral = generateKeyPair();
    const state = new HandshakeState();
    state.mixHash(ephemeral.public);
    const hello = proto.HandshakeMessage.encode({ clientHello: { ephemeral: ephemeral.public } }).finish();
    socket.send(Buffer.concat([streamIntro, frame(hello)]));
    const [data] = (await once(socket, "message")) as [Buffer];
    const serverHello = decodeHandshake(frames.push(data)[0] ?? Buffer.alloc(0)).serverHello;
    if (!serverHello?.ephemeral || !serverHello.static || !serverHello.payload) throw new Error("no ServerHello");
    state.mixHash(serverHello.ephemeral);
    state.mixAgreement(ephemeral.private, serverHello.ephemeral);
    state.mixAgreement(ephemeral.private, state.decrypt(serverHello.static));
    state.decrypt(serverHello.payload); // certificates: nobody to deceive here
    const encryptedStatic = state.encrypt(device.noise.public);
    state.mixAgreement(device.noise.private, serverHello.ephemeral);
    const payload = state.encrypt(
      proto.ClientPayload.encode({ username: Number(device.phone), device: device.device, passive: true }).finish(),
    );
    socket.send(frame(proto.HandshakeMessage.encode({ clientFinish: { static: encryptedStatic, payload } }).finish()));
    let loggedIn: (() => void) | undefined;
    const success = new Promise<void>((resolve) => (loggedIn = resolve));
    const link = new BareLink(socket, state.split(), (stanza) => {
      if (stanza.tag === "success") loggedIn?.();
      else onStanza(stanza);
    });
    socket.on("message", (more: Buffer) => {
      for (const bytes of frames.push(more)) link.#receive(bytes);
    });
    await success;
    await link.query("set", "passive", node("active"));
    return link;
  }

  send(stanza: BinaryNode): void {
    this.sendBytes(encodeNode(stanza));
  }

  /** Sends a stanza that was encoded before. */
  sendBytes(plaintext: Uint8Array): void {
    this.#outbox.push(frame(...this.#outgoing.seal(plaintext)));
    if (this.#outbox.length === 1) setImmediate(() => this.#flush());
  }

  async query(type: "get" | "set", xmlns: string, content: BinaryNode): Promise<BinaryNode> {
    const id = `q${this.#next++}`;
    const answer = new Promise<BinaryNode>((resolve) => this.#answers.set(id, resolve));
    this.send(node("iq", { id, type, xmlns, to: "@s.whatsapp.net" }, [content]));
    return answer;
  }

  close(): void {
    this.#socket.terminate();
  }

  #receive(bytes: Buffer): void {
    const stanza = parseNode(this.#incoming.decrypt(bytes));
    const id = stanza.attrs["id"] ?? "";
    const answered = stanza.tag === "iq" ? this.#answers.get(id) : undefined;
    if (!answered) return this.#onStanza(stanza);
    this.#answers.delete(id);
    answered(stanza);
  }

  #flush(): void {
    this.#socket.send(Buffer.concat(this.#outbox));
    this.#outbox = [];
  }
}
