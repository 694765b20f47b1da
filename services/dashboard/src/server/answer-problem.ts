import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { type ProblemCode, problemCatalogue } from "@flotilla/shared/contract/problem";

/** Ends a request with a problem body like the API's, so that the page shows both kinds of refusal the same way. */
export function answerProblem(response: ServerResponse, status: number, code: ProblemCode, detail: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const requestId = randomUUID();
  const { title } = problemCatalogue[code];
  const problem = { type: `/problems/${code}`, title, status, detail, instance: "", code, request_id: requestId };
  response
    .writeHead(status, { "content-type": "application/problem+json", "x-request-id": requestId })
    .end(JSON.stringify(problem));
}
