/** The languages whose words are understood. */
type Language = "en" | "es" | "pt" | "fr" | "de" | "it" | "nl" | "id" | "tr" | "ar" | "hi";

/** What a person asked for with a whole message: to be left alone, or to be written to again. */
export interface OptOut {
  kind: "stop" | "start";
  /** The word as it was understood: lower case, without accents and punctuation. */
  keyword: string;
  /** What answers a stop in the language of its word, where a tenant has no text of its own. */
  confirmation: string;
}

interface Words {
  stop: readonly string[];
  start: readonly string[];
  confirmation: string;
}

/**
 * Words that mean nothing else as a whole message to a business. "Cancel", "end" or "no" are left out on purpose: they answer
 * an appointment as often as they end a subscription, and a wrong suppression keeps an order's news from its buyer.
 */
const words: Readonly<Record<Language, Words>> = {
  en: {
    stop: [
      "stop",
      "stop all",
      "stopall",
      "stop it",
      "please stop",
      "stop messages",
      "unsubscribe",
      "opt out",
      "optout",
    ],
    start: ["start", "unstop", "subscribe", "opt in", "optin"],
    confirmation: "You will get no more messages from us. Write START to get them again.",
  },
  es: {
    stop: [
      "parar",
      "alto",
      "baja",
      "darme de baja",
      "dar de baja",
      "detener",
      "no mas mensajes",
      "cancelar suscripción",
    ],
    start: ["alta", "iniciar", "comenzar", "suscribirme", "darme de alta"],
    confirmation: "No recibirá más mensajes nuestros. Escriba ALTA para volver a recibirlos.",
  },
  pt: {
    stop: ["pare", "sair", "parar mensagens", "descadastrar", "cancelar inscrição", "não quero mais", "remover"],
    start: ["começar", "voltar", "quero receber", "inscrever"],
    confirmation: "Você não receberá mais mensagens nossas. Escreva VOLTAR para recebê-las de novo.",
  },
  fr: {
    stop: [
      "arrêt",
      "arrêter",
      "arrêtez",
      "désabonner",
      "me désabonner",
      "désinscrire",
      "me désinscrire",
      "désinscription",
    ],
    start: ["reprendre", "m'abonner", "s'abonner", "réabonner"],
    confirmation: "Vous ne recevrez plus de messages de notre part. Écrivez REPRENDRE pour les recevoir à nouveau.",
  },
  de: {
    stop: ["stopp", "abmelden", "abbestellen", "austragen", "keine nachrichten mehr"],
    start: ["starten", "anmelden", "abonnieren"],
    confirmation: "Sie erhalten keine Nachrichten mehr von uns. Schreiben Sie START, um sie wieder zu erhalten.",
  },
  it: {
    stop: ["ferma", "fermati", "basta", "cancellami", "disiscrivimi", "disiscriviti", "annulla iscrizione"],
    start: ["inizia", "iscrivimi", "riprendi"],
    confirmation: "Non riceverà più nostri messaggi. Scriva RIPRENDI per riceverli di nuovo.",
  },
  nl: {
    stop: ["stoppen", "afmelden", "uitschrijven", "geen berichten meer"],
    start: ["aanmelden", "inschrijven", "hervatten"],
    confirmation: "U ontvangt geen berichten meer van ons. Schrijf START om ze weer te ontvangen.",
  },
  id: {
    stop: ["berhenti", "berhenti berlangganan", "stop langganan", "hentikan"],
    start: ["mulai", "berlangganan", "langganan"],
    confirmation: "Anda tidak akan menerima pesan dari kami lagi. Tulis MULAI untuk menerimanya kembali.",
  },
  tr: {
    stop: ["dur", "durdur", "ret", "abonelikten çık", "üyelikten çık", "mesaj istemiyorum"],
    start: ["başla", "başlat", "abone ol"],
    confirmation: "Bizden artık mesaj almayacaksınız. Yeniden almak için BAŞLAT yazın.",
  },
  ar: {
    stop: ["توقف", "قف", "إيقاف", "أوقف", "إلغاء الاشتراك", "الغ الاشتراك"],
    start: ["ابدأ", "اشتراك", "اشترك"],
    confirmation: "لن تصلك رسائل منا بعد الآن. اكتب ابدأ لتصلك من جديد.",
  },
  hi: {
    stop: ["रोकें", "रोको", "रुको", "रुकें", "बंद करें", "बंद करो", "बन्द करें", "बन्द करो"],
    start: ["शुरू", "शुरू करें", "शुरू करो", "चालू करें"],
    confirmation: "अब आपको हमारे संदेश नहीं मिलेंगे। उन्हें फिर से पाने के लिए शुरू लिखें।",
  },
};

/** Nobody's word is longer, and what is longer is not looked at. */
const longest = 64;

/** Marks that Latin and Arabic letters can do without; those of Devanagari are vowels and stay. */
const accents = /[\u0300-\u036F\u064B-\u065F\u0670\u0640]/g;

const known: ReadonlyMap<string, OptOut> = new Map(
  Object.values(words).flatMap(({ stop, start, confirmation }) =>
    (["stop", "start"] as const).flatMap((kind) =>
      (kind === "stop" ? stop : start).map((word): [string, OptOut] => {
        const keyword = bare(word);
        return [keyword, { kind, keyword, confirmation }];
      }),
    ),
  ),
);

/**
 * Whether the whole text is a word for "stop" or "start" in one of eleven languages (en es pt fr de it nl id tr ar hi); null for
 * everything else. Case, accents, spaces, invisible characters, and punctuation and emoji around it are ignored. A word inside of a
 * sentence counts for nothing: "stop by tomorrow" is an invitation.
 */
export function readOptOut(text: string): OptOut | null {
  return text.length > 2 * longest ? null : (known.get(bare(text)) ?? null);
}

function bare(text: string): string {
  return text
    .toLowerCase()
    .normalize("NFKD")
    .replaceAll(accents, "")
    .replaceAll(/\p{Cf}|\uFE0F/gu, "")
    .replaceAll("ı", "i")
    .replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, " ")
    .trim();
}
