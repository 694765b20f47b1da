import { call, element, show } from "./api.js";
import { behaviours, neutral } from "./presets.js";

const byId = (id) => document.getElementById(id);
let phone;
let chat;

/** The number on show; undefined for none. */
export function shownPhone() {
  return phone;
}

/** Chooses the phone to show at the next refresh. */
export function choosePhone(number) {
  if (phone !== number) chat = undefined;
  phone = number;
}

/** Brings the chosen phone up to date. */
export async function refreshPhone() {
  byId("phone-body").hidden = phone === undefined;
  byId("phone-title").textContent = phone === undefined ? "No phone chosen" : `+${phone}`;
  if (phone === undefined) return;
  const [view, { chats }] = await Promise.all([call("GET", `/phones/${phone}`), call("GET", `/phones/${phone}/chats`)]);
  byId("phone-title").textContent = `${view.name} · +${view.phone}`;
  if (document.activeElement !== byId("behaviour")) byId("behaviour").value = presetOf(view.behaviour);
  show(byId("devices"), view.devices, () => view.devices.map(device));
  chat ??= chats[0]?.chat;
  if (byId("write").elements.to.value === "") byId("write").elements.to.value = chat ?? "";
  show(byId("chats"), [chats, chat], () => chats.map(chatRow));
  const path = `/phones/${phone}/messages?limit=100${chat === undefined ? "" : `&chat=${chat}`}`;
  const { messages } = chat === undefined ? { messages: [] } : await call("GET", path);
  const list = byId("messages");
  if (show(list, messages, () => messages.map(message))) list.scrollTop = list.scrollHeight;
}

/** Wires the forms of the phone; called once. `attempt` runs what may fail and tells the person. */
export function startPhone(attempt) {
  byId("behaviour").append(
    ...behaviours.map(([value, text]) => element("option", { value }, text)),
    element("option", { value: "other", disabled: true }, "Something else (by API)"),
  );
  byId("behaviour").addEventListener("change", ({ target }) => {
    const preset = behaviours.find(([value]) => value === target.value);
    void attempt(() => call("PATCH", `/phones/${phone}/behaviour`, { ...neutral, ...preset[2] }));
  });
  byId("forget").addEventListener("click", () => void attempt(() => call("POST", `/phones/${phone}/forget-sessions`)));
  byId("change-lid").addEventListener("click", () => void attempt(() => call("POST", `/phones/${phone}/change-lid`)));
  byId("scan").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = byId("qr").value.trim();
    const isCode = /^[A-Za-z0-9-]{8,9}$/.test(text);
    void attempt(async () => {
      await (isCode
        ? call("POST", `/phones/${phone}/enter-code`, { code: text })
        : call("POST", `/phones/${phone}/scan-qr`, { qr: text }));
      byId("qr").value = "";
    });
  });
  byId("write").addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    void attempt(async () => {
      await call("POST", `/phones/${phone}/messages`, { to: form.elements.to.value, text: form.elements.text.value });
      chat = form.elements.to.value.replace(/\D/g, "");
      form.elements.text.value = "";
    });
  });
  byId("chats").addEventListener("click", ({ target }) => {
    chat = target.closest("button")?.dataset.chat ?? chat;
    byId("write").elements.to.value = chat ?? "";
    void attempt(() => call("POST", `/phones/${phone}/read`, { chat }));
  });
}

function presetOf(behaviour) {
  const same = ([, , preset]) =>
    Object.entries({ ...neutral, ...preset }).every(
      ([name, value]) => JSON.stringify(behaviour[name]) === JSON.stringify(value),
    );
  return behaviours.find(same)?.[0] ?? "other";
}

function device({ device: number, connected, queued }) {
  const waiting = queued > 0 ? `, ${queued} unconfirmed` : "";
  return element("li", {}, `Linked device ${number}: ${connected ? "connected" : "away"}${waiting}`);
}

function chatRow({ chat: number, unread, last }) {
  const row = element("button", { type: "button", className: "card" });
  row.dataset.chat = number;
  row.setAttribute("aria-current", String(number === chat));
  row.append(`+${number}`, element("small", {}, `${unread > 0 ? `${unread} unread · ` : ""}${last.text ?? last.kind}`));
  return element("li", {}, row);
}

function message({ from_me: mine, text, kind, status, at }) {
  const time = new Date(at).toLocaleTimeString();
  const line = element("li", { className: mine ? "mine" : "" }, text ?? `(${kind})`);
  line.append(element("small", {}, mine ? `${time} · ${status}` : time));
  return line;
}
