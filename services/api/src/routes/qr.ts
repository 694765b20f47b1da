import { QrCode, QrQuery } from "@flotilla/shared/contract/http-sessions";
import { AppError } from "@flotilla/shared/contract/problem";
import { toBuffer, toString } from "qrcode";
import { z } from "zod";
import { defineRoute, type Route } from "../http/route.ts";
import type { PairingCodes, SessionStore } from "../ports.ts";
import { awaitQr } from "../use-cases/await-qr.ts";

const formats = ["application/json", "image/png", "image/svg+xml", "text/plain"] as const;
const picture = { errorCorrectionLevel: "L", margin: 4 } as const;

/** The QR code of a session that waits to be linked. */
export function qrRoutes(deps: { sessions: SessionStore; pairingCodes: PairingCodes }): Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/v1/sessions/:session/qr",
      summary: "The QR code to scan now, as JSON, PNG, SVG or text by Accept; waits for one with `wait`",
      scope: "sessions:pair",
      rate: "reads",
      query: QrQuery,
      answers: {
        200: {
          description: "The code; a credential until it expires",
          content: {
            "application/json": QrCode,
            "image/png": z.string().meta({ format: "binary" }),
            "image/svg+xml": z.string(),
            "text/plain": z.string(),
          },
        },
        204: { description: "None came within `wait`" },
      },
      async handle({ tenant, params, query, signal, request, response }) {
        const format = request.accepts([...formats]) as (typeof formats)[number] | false;
        if (format === false) throw new AppError("not_acceptable", `Accept one of ${formats.join(", ")}`);
        const waitMs = query.wait * 1_000;
        const code = await awaitQr(deps, { tenant: tenant.id, ref: params["session"]!, waitMs, signal });
        if (code === null) return { status: 204 };
        if (format === "application/json") return { status: 200, body: code };
        response.set({ "Cache-Control": "no-store", Expires: new Date(code.expires_at).toUTCString() }).type(format);
        response.send(
          format === "image/png"
            ? await toBuffer(code.qr, { ...picture, scale: 6 })
            : format === "image/svg+xml"
              ? await toString(code.qr, { ...picture, type: "svg" })
              : code.qr,
        );
        return "answered";
      },
    }),
  ];
}
