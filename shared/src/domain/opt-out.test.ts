import { describe, expect, test } from "vitest";
import { readOptOut } from "./opt-out.ts";

describe("a whole message that asks to be left alone is understood", () => {
  test.each([
    ["en", "STOP", "stop"],
    ["en", " stop.\n", "stop"],
    ["en", "Unsubscribe!!", "unsubscribe"],
    ["en", "Opt-Out", "opt out"],
    ["en", "🛑 Stop 🛑", "stop"],
    ["en", "\u200Fs\u200Btop\uFE0F", "stop"],
    ["en", "ＳＴＯＰ", "stop"],
    ["es", "Darme de baja", "darme de baja"],
    ["es", "¡ALTO!", "alto"],
    ["es", "cancelar suscripcion", "cancelar suscripcion"],
    ["pt", "SAIR", "sair"],
    ["pt", "Não quero mais", "nao quero mais"],
    ["fr", "Arrêt", "arret"],
    ["fr", "DÉSABONNER", "desabonner"],
    ["de", "Stopp!", "stopp"],
    ["de", "abmelden", "abmelden"],
    ["it", "Basta", "basta"],
    ["nl", "Uitschrijven", "uitschrijven"],
    ["id", "berhenti", "berhenti"],
    ["tr", "ÜYELİKTEN ÇIK", "uyelikten cik"],
    ["tr", "abonelikten çık", "abonelikten cik"],
    ["ar", "إيقاف", "ايقاف"],
    ["ar", "تَوَقَّف", "توقف"],
    ["ar", "الغاء الاشتراك", "الغاء الاشتراك"],
    ["hi", "रोकें", "रोकें".normalize("NFKD")],
    ["hi", "बंद करें।", "बंद करें"],
  ])("%s: %s", (_, text, keyword) => {
    expect(readOptOut(text)).toMatchObject({ kind: "stop", keyword });
  });
});

test.each(["START", "unstop", "Alta", "voltar", "Reprendre", "anmelden", "riprendi", "aanmelden", "mulai", "BAŞLAT"])(
  "%s asks to be written to again",
  (text) => expect(readOptOut(text)).toMatchObject({ kind: "start" }),
);
test.each(["ابدأ", "शुरू"])("%s asks to be written to again", (text) =>
  expect(readOptOut(text)).toMatchObject({ kind: "start" }),
);

test.each([
  "",
  "   ",
  "🛑",
  "don't stop",
  "stop by tomorrow",
  "is this the bus stop?",
  "cancel",
  "no",
  "end",
  "stopping",
  "रक",
  "constructor",
  `stop${" ".repeat(1_000)}`,
])("%j asks for neither", (text) => expect(readOptOut(text)).toBeNull());

test("a stop is answered in the language of its word", () => {
  expect(readOptOut("sair")?.confirmation).toContain("VOLTAR");
  expect(readOptOut("stop")?.confirmation).toContain("START");
  for (const word of ["stop", "baja", "sair", "arret", "stopp", "basta", "afmelden", "berhenti", "dur", "قف", "रोको"]) {
    const { confirmation } = readOptOut(word)!;
    // The word that it names to come back is one that is understood.
    expect(
      confirmation.split(/[\s.।]+/).some((named) => readOptOut(named)?.kind === "start"),
      confirmation,
    ).toBe(true);
  }
});
