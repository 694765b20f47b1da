/** Behaviours to choose from; the API knows many more. */
export const behaviours = [
  ["ordinary", "Delivers and reads", {}],
  ["echo", "Answers with the same text", { reply: { mode: "echo", after_ms: 400 } }],
  ["stop", "Answers STOP", { stop: { after_messages: 1, share: 1, text: "STOP", after_ms: 400 } }],
  ["unread", "Never reads", { reads_after_ms: "never" }],
  ["away", "Is away: messages wait", { online: false }],
  ["off", "Never delivers", { delivers: false }],
  ["blocks", "Blocks everybody", { blocks_after: 0 }],
  ["refused", "Refused with 463", { ack_error: 463 }],
  ["missing", "Is not on WhatsApp", { exists: false }],
];

/** What every preset says something about; a change of preset puts the rest back. */
export const neutral = {
  exists: true,
  delivers: true,
  online: true,
  reads_after_ms: 300,
  reply: { mode: "none" },
  stop: null,
  blocks_after: null,
  ack_error: null,
};

/** Faults as switches. */
export const faults = [
  ["Acks get lost", { kind: "drop_ack" }],
  ["Acks are a second late", { kind: "delay_ack", delay_ms: 1000 }],
  ["Messages are refused with 463", { kind: "ack_error", code: 463 }],
  ["Acknowledged messages get lost", { kind: "lose_message" }],
  ["Messages arrive twice", { kind: "duplicate_message" }],
  ["Links are slow", { kind: "latency", delay_ms: 300, jitter_ms: 200 }],
  ["Logins are refused with 503", { kind: "refuse_login", code: 503 }],
  ["Key bundles are withheld", { kind: "withhold_prekeys" }],
  ["Group queries are over the limit", { kind: "refuse_query" }],
];
