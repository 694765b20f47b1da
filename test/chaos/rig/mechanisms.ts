/** What workers can be told to do without (`FLOTILLA_WITHOUT`), and the goal whose run must then find violations. */
export const mechanisms: Readonly<Record<string, { breaks: string; built: boolean }>> = {
  "persist-before-send": { breaks: "G1", built: true },
  journal: { breaks: "G4", built: true },
  fence: { breaks: "G8", built: true },
  "stable-ids": { breaks: "G1", built: true },
  "stalled-limit": { breaks: "G1", built: true },
};
