/**
 * The simulated network's own page, in front of this phone and with the code of a QR picture filled in: through our own
 * server, so that it opens wherever the dashboard does. `phone`: digits only.
 */
export function simulatorFace(phone: string, qr?: string): string {
  const handed = new URLSearchParams({ phone, ...(qr === undefined ? {} : { scan: qr }) });
  return `/sim/face/?${handed.toString()}`;
}
