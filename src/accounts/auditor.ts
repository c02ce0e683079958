import type { Log } from '../log/log.ts';
import type { AccountId, LeaseId, SessionId } from '../model/ids.ts';
import type { LeasedSocket } from './lease.ts';
import type { PooledLease } from './pooled-lease.ts';

/**
 * holder-gone: a lease whose session does not exist; silent-socket: a socket that closed without telling its lease; stuck: a lease
 * that ended and does not leave; unleased-socket: a socket towards a provider that belongs to no lease.
 */
export type MismatchKind = 'holder-gone' | 'silent-socket' | 'stuck' | 'unleased-socket';

export interface Mismatch {
  readonly kind: MismatchKind;
  readonly leaseId?: LeaseId;
  readonly accountId?: AccountId;
  readonly sessionId?: SessionId;
}

export interface LeaseAuditorOptions {
  readonly leases: () => readonly PooledLease[];
  /** Sessions that exist: relays and VOD sessions. */
  readonly sessions: () => ReadonlySet<SessionId>;
  /** Sockets towards providers that are open. */
  readonly sockets?: () => Iterable<LeasedSocket>;
  readonly log: Log;
  /** Told of each mismatch that lasted, when it is healed; for a metric that has to stay 0. */
  readonly onMismatch?: (kind: MismatchKind) => void;
  readonly intervalMs?: number;
}

/** A socket is `closed` before it emits 'close': one that says nothing for longer than this has told nobody. */
const silentMs = 1_000;

interface Finding {
  readonly mismatch: Mismatch;
  /** The lease or socket it is about: the same one twice in a row is no coincidence. */
  readonly subject: object;
  readonly heal: () => void;
  /** False for what a healthy engine shows for a moment. */
  readonly lasts: boolean;
}

/** Compares leases, sockets and sessions (invariant I6), and puts right what two audits in a row have found wrong. */
export class LeaseAuditor {
  readonly #options: LeaseAuditorOptions;
  #timer: NodeJS.Timeout | undefined;
  #last = new Map<object, MismatchKind>();
  /** When a socket was first seen closed while its lease did not know. */
  readonly #silentSince = new WeakMap<LeasedSocket, number>();

  constructor(options: LeaseAuditorOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.run(), this.#options.intervalMs ?? 10_000);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** What does not fit now; changes nothing. A socket that closes is told of only when it was silent at an earlier look, too. */
  audit(): Mismatch[] {
    return this.#find()
      .filter(({ lasts }) => lasts)
      .map((finding) => finding.mismatch);
  }

  /** One periodic run. Returns what it healed. */
  run(): Mismatch[] {
    const found = this.#find();
    const lasting = found.filter(({ subject, mismatch }) => this.#last.get(subject) === mismatch.kind);
    this.#last = new Map(found.map(({ subject, mismatch }) => [subject, mismatch.kind]));
    for (const { mismatch, heal } of lasting) {
      this.#options.log.warn('leases and streams did not fit and were put right', { ...mismatch });
      this.#options.onMismatch?.(mismatch.kind);
      heal();
    }
    return lasting.map((finding) => finding.mismatch);
  }

  #find(): Finding[] {
    const leases = this.#options.leases();
    const sessions = this.#options.sessions();
    const findings: Finding[] = [];
    const attached = new Set<LeasedSocket>();
    for (const lease of leases) {
      for (const socket of [...lease.sockets, ...lease.scope.strays]) attached.add(socket);
      const about = { leaseId: lease.id, accountId: lease.accountId, sessionId: lease.holder.sessionId };
      const add = (kind: MismatchKind, heal: () => void, lasts = true) =>
        findings.push({ mismatch: { kind, ...about }, subject: lease, heal, lasts });
      const silent = [...lease.sockets].filter((socket) => socket.closed);
      const oldMs = Math.max(...silent.map((socket) => this.#silentFor(socket)));
      if (silent.length > 0) add('silent-socket', () => lease.dropClosedSockets(), oldMs >= silentMs);
      else if (lease.isStuck()) add('stuck', () => lease.leave());
      else if (!lease.ended && !sessions.has(lease.holder.sessionId)) add('holder-gone', () => lease.end());
    }
    for (const socket of this.#options.sockets?.() ?? []) {
      if (attached.has(socket) || socket.closed) continue;
      findings.push({
        mismatch: { kind: 'unleased-socket' },
        subject: socket,
        heal: () => socket.destroy(),
        lasts: true,
      });
    }
    return findings;
  }

  #silentFor(socket: LeasedSocket): number {
    const now = performance.now();
    const since = this.#silentSince.get(socket) ?? now;
    this.#silentSince.set(socket, since);
    return now - since;
  }
}
