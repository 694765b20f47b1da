import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { SessionRunner } from "./sessions/session-runner.ts";

/** The worker's figures, in base units and without a label for each session. */
export function createMetrics(look: { runners: () => SessionRunner[]; shards: () => number; consumers: () => number }) {
  const registry = new Registry();
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const seconds = (name: string, help: string, buckets: number[]) => new Histogram({ name, help, buckets, registers });
  const fast = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 3];

  const sessions = new Gauge({
    name: "flotilla_sessions",
    help: "Sessions this worker runs, by status",
    labelNames: ["state"],
    registers,
    collect() {
      this.reset();
      for (const runner of look.runners()) this.inc({ state: runner.status() });
    },
  });
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  gauge("flotilla_shards_held", "Shards this worker holds", look.shards);
  gauge("flotilla_consumers_open", "Job consumers open, one for each held shard with sessions", look.consumers);

  const ticks = seconds("flotilla_lease_renew_seconds", "Time of a heartbeat", fast);
  const commits = seconds("flotilla_commit_seconds", "Time of a group commit", fast);
  const rows = new Histogram({
    name: "flotilla_commit_rows",
    help: "Rows in a group commit",
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000],
    registers,
  });
  const acks = seconds(
    "flotilla_send_ack_seconds",
    "From the bytes written to WhatsApp's ack",
    [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20],
  );
  const retries = counter("flotilla_commit_retries_total", "Commits repeated because no answer came");
  const fencedRows = counter("flotilla_fenced_writes_total", "Rows refused because the lease had moved on");
  const fences = counter("flotilla_fences_total", "Shards dropped at once");
  const sends = counter("flotilla_messages_sent_total", "Messages written to WhatsApp, repeats included");
  const acked = counter("flotilla_messages_acked_total", "Messages that WhatsApp's server took");
  const ackErrors = counter("flotilla_ack_errors_total", "Messages that WhatsApp's server refused", ["code"]);
  const unknown = counter("flotilla_sends_unknown_total", "Messages without an answer", ["resolution"]);
  const swept = counter("flotilla_sweep_found_total", "Lanes with rows that no wake-up had told of");
  const journal = new Gauge({
    name: "flotilla_inbound_journal_unprocessed",
    help: "Messages of the whole fleet that were decrypted 10 s ago and are not stored, at this worker's last housekeeping",
    registers,
  });
  const closes = counter("flotilla_disconnects_total", "Links that ended, by cause", ["cause"]);
  const stuck = counter(
    "flotilla_event_buffer_stuck_total",
    "Times that events the library held back had to be let go",
  );
  const dials = counter("flotilla_dials_total", "Links asked for");

  return {
    registry,
    sessions,
    keeper: { ticked: (s: number) => ticks.observe(s), fenced: (shards: number) => fences.inc(shards) },
    commits: {
      committed(s: number, n: number) {
        commits.observe(s);
        rows.observe(n);
      },
      retried: () => retries.inc(),
      fenced: (n: number) => fencedRows.inc(n),
    },
    runner: {
      sent: () => sends.inc(),
      acked(s: number, error: string | null) {
        acks.observe(s);
        if (error === null) acked.inc();
        else ackErrors.inc({ code: error });
      },
      unknown: (resolution: string) => unknown.inc({ resolution }),
      closed: (cause: string) => closes.inc({ cause }),
      dialled: () => dials.inc(),
      bufferFlushed: () => stuck.inc(),
    },
    upkeep: { journalWaiting: (rows: number) => journal.set(rows) },
    sweeper: { found: (n: number) => swept.inc(n) },
  };
}
