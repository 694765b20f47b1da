import { AppError } from "@flotilla/shared/contract/problem";
import { z } from "zod";

/** What a SQL function answers instead of its result when it refuses. */
const Refusal = z.looseObject({
  problem: z.string(),
  status: z.string().optional(),
  detail: z.string().optional(),
  sessions: z.array(z.string()).optional(),
  parts: z.array(z.int()).optional(),
});

/** Gives the answer of a SQL function on, or throws the AppError that its refusal stands for. */
export function unlessRefused(answer: unknown, subject: string, asked: { sessions?: readonly string[] } = {}): unknown {
  const refusal = Refusal.safeParse(answer);
  if (refusal.success) throw nameRefusal(refusal.data, subject, asked.sessions ?? []);
  return answer;
}

function nameRefusal(refusal: z.infer<typeof Refusal>, subject: string, asked: readonly string[]): AppError {
  const { problem, status, detail } = refusal;
  const facts = status === undefined ? {} : { state: status };
  switch (problem) {
    case "not_found":
      return new AppError("not_found", `There is no such ${subject}`);
    case "name_taken":
      return new AppError("name_taken", "A session of this tenant has that name already");
    case "quota_exceeded":
      return new AppError("quota_exceeded", "A tenant may have 1,000 sessions");
    case "idempotency_key_reused":
      return new AppError("idempotency_key_reused", "This Idempotency-Key came with another body before");
    case "part_conflict":
      return new AppError("part_conflict", "Another upload has taken this part over");
    case "nothing_to_send":
      return new AppError("state_conflict", "The campaign has no recipients: upload some first");
    case "part_incomplete":
      return new AppError(
        "state_conflict",
        `An upload broke off: send part ${(refusal.parts ?? []).join(", ")} again (?part=…), then start`,
      );
    case "reason_required":
      return new AppError(
        "validation_failed",
        "The person asked for this by a word of their own: say why it is lifted",
        {
          errors: [{ pointer: "/note", code: "required", message: "A note is needed for what a keyword made" }],
        },
      );
    case "state_conflict":
      return new AppError("state_conflict", detail ?? `Not possible while the ${subject} is ${status ?? "as it is"}`, {
        facts,
      });
    case "unknown_session":
      return new AppError("validation_failed", "Some of the sessions do not exist", {
        errors: (refusal.sessions ?? []).map((ref) => ({
          pointer: `/sessions/${asked.indexOf(ref)}`,
          code: "unknown_session",
          message: `There is no session ${ref}`,
        })),
      });
    default:
      return new AppError("internal", `The database refused with ${problem}`);
  }
}
