import { api, call, element, follow, show } from "./api.js";
import { choosePhone, refreshPhone, shownPhone, startPhone } from "./phone.js";
import { faults } from "./presets.js";

const REFRESH_MS = 1500;
const byId = (id) => document.getElementById(id);
const notice = byId("notice");

/** Does what may fail, tells the person if it did, and shows what came of it. */
async function attempt(work) {
  notice.textContent = "";
  try {
    await work();
    await refresh();
  } catch (error) {
    notice.textContent = error instanceof Error ? error.message : String(error);
  }
}

async function refresh() {
  const [{ phones }, { faults: active }, { links }, { shipped, runs }] = await Promise.all([
    call("GET", "/phones?limit=200"),
    call("GET", "/faults"),
    call("GET", "/links"),
    call("GET", "/scenarios"),
  ]);
  byId("no-phones").hidden = phones.length > 0;
  show(byId("phones"), [phones.map(({ phone, name, devices }) => [phone, name, devices]), shownPhone()], () =>
    phones.map(phoneCard),
  );
  show(byId("faults"), active, () => faults.map((fault) => faultSwitch(fault, active)));
  const muted = links.filter((link) => link.muted).length;
  byId("links").textContent = `${links.length} open${muted > 0 ? `, ${muted} of them mute` : ""}`;
  show(byId("scenarios"), [shipped, runs], () => shipped.map((scenario) => scenarioRow(scenario, runs)));
  await refreshPhone();
}

function phoneCard({ phone, name, devices }) {
  const card = element("button", { type: "button", className: "card" });
  card.setAttribute("aria-current", String(phone === shownPhone()));
  const connected = devices.filter((device) => device.connected).length;
  const linked = devices.length === 0 ? "no linked device" : `${connected} of ${devices.length} devices connected`;
  card.append(name, element("small", {}, `+${phone} · ${linked}`));
  card.addEventListener("click", () => {
    choosePhone(phone);
    void attempt(async () => undefined);
  });
  return element("li", {}, card);
}

function faultSwitch([text, fault], active) {
  const inForce = active.find((each) => Object.entries(fault).every(([name, value]) => each[name] === value));
  const box = element("input", { type: "checkbox", checked: inForce !== undefined });
  box.addEventListener(
    "change",
    () => void attempt(() => (inForce ? call("DELETE", `/faults/${inForce.id}`) : call("POST", "/faults", fault))),
  );
  const hits = inForce ? ` (${inForce.hits})` : "";
  return element("li", {}, element("label", {}, box, `${text}${hits}`));
}

function scenarioRow({ name, about }, runs) {
  const run = runs.findLast((each) => each.name === name);
  const running = run?.state === "running";
  const button = element("button", { type: "button" }, running ? "Stop" : "Start");
  button.addEventListener(
    "click",
    () => void attempt(() => (running ? call("DELETE", `/scenarios/${run.id}`) : call("POST", "/scenarios", { name }))),
  );
  const state = run ? ` ${run.state} ${run.done}/${run.total}` : "";
  return element("li", { title: about }, `${name.replaceAll("_", " ")}${state}`, button, element("small", {}, about));
}

const TOTALS = [
  ["messages", "messages"],
  ["phones", "phones"],
  ["visible_copies", "seen"],
  ["duplicates_wire", "repeated, hidden"],
  ["repeated_texts", "seen twice"],
  ["undecrypted", "unread by phone"],
];

function showTotals(summary) {
  const cells = TOTALS.map(([name, text]) => {
    const wrong = ["repeated_texts"].includes(name) && summary[name] > 0;
    const value = Number(summary[name]).toLocaleString();
    return element("div", { className: wrong ? "wrong" : "" }, element("dt", {}, text), element("dd", {}, value));
  });
  byId("totals").replaceChildren(...cells);
}

byId("add-phone").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const name = form.elements.name.value;
  void attempt(async () => {
    const { phone } = await call("POST", "/phones", {
      phone: form.elements.phone.value,
      ...(name === "" ? {} : { name }),
    });
    form.reset();
    choosePhone(phone);
  });
});
for (const button of document.querySelectorAll("[data-end]")) {
  button.addEventListener("click", () => void attempt(() => call("POST", "/links/end", { kind: button.dataset.end })));
}
byId("reset").addEventListener("click", () => void attempt(() => call("POST", "/reset")));
startPhone(attempt);

// `?phone=…&scan=…` lets another page hand over a QR code: it is filled in, and one click links.
const asked = new URLSearchParams(location.search);
const handed = asked.get("phone")?.replace(/\D/g, "");
byId("qr").value = asked.get("scan") ?? "";
byId("description").href = `${api}/openapi.json`;

let due;
void follow(
  "/ledger/summary?follow=true",
  (summary) => {
    showTotals(summary);
    clearTimeout(due);
    due = setTimeout(() => void refresh().catch(() => undefined), 200);
  },
  () => (notice.textContent = "The simulator does not answer; trying again."),
);
await attempt(async () => {
  if (!handed) return;
  await call("POST", "/phones", { phone: handed }); // nobody may have met it yet
  choosePhone(handed);
});
setInterval(() => {
  if (document.visibilityState === "visible") refresh().catch(() => undefined);
}, REFRESH_MS);
