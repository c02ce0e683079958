/** Why a channel goes on with another stream, or opens the same one anew. */
export const switchReasons = [
  'open-error',
  'wrong-body',
  'stalled',
  'ended',
  'sync-lost',
  'slate',
  'looping-times',
  'by-hand',
] as const;
export type SwitchReason = (typeof switchReasons)[number];
