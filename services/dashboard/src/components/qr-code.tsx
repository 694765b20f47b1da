import { create } from "qrcode";
import { useMemo } from "react";

/** Quiet zone around the code in modules; the standard asks for 4. */
const quietZone = 4;

/** A QR code as one SVG path. Dark on white in both colour schemes: phones read it no other way reliably. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => drawQr(text), [text]);
  return (
    <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#0b1514" />
    </svg>
  );
}

function drawQr(text: string): { size: number; path: string } {
  const { modules } = create(text, { errorCorrectionLevel: "L" });
  let path = "";
  for (let y = 0; y < modules.size; y++) {
    for (let x = 0; x < modules.size; x++) {
      if (modules.get(x, y)) path += `M${x + quietZone} ${y + quietZone}h1v1h-1z`;
    }
  }
  return { size: modules.size + 2 * quietZone, path };
}
