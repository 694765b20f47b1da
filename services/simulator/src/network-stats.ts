/** Counters since the start or the last reset. */
export interface NetworkStats {
  logins: number;
  loginsRefused: number;
  pairings: number;
  messagesIn: number;
  messagesRefused: number;
  copiesCarried: number;
  receiptsCarried: number;
  privacyTokens: number;
}

/** All counters at zero. */
export function newStats(): NetworkStats {
  return {
    logins: 0,
    loginsRefused: 0,
    pairings: 0,
    messagesIn: 0,
    messagesRefused: 0,
    copiesCarried: 0,
    receiptsCarried: 0,
    privacyTokens: 0,
  };
}
