import { expect } from 'chai';
import fc from 'fast-check';
import { type Seat, type SeatRequest, Seats } from '../../src/accounts/seats.ts';
import { toCoaxError } from '../../src/errors.ts';
import type { OutputId, ViewerKey } from '../../src/model/ids.ts';

interface Ask {
  readonly device: string;
  readonly user?: string;
  readonly output?: string;
  readonly subject: string;
  readonly recording?: boolean;
}

const limitsOf = (limits: { output?: number; device?: number; users?: Readonly<Record<string, number>> }) => ({
  output: () => limits.output ?? 0,
  user: (name: string | undefined) => (name === undefined ? undefined : limits.users?.[name]) ?? limits.device ?? 0,
});

function asking({ device, user, output = 'o', subject, recording = false }: Ask) {
  const gone = new AbortController();
  const request: SeatRequest = {
    viewer: { key: device as ViewerKey, label: device, ...(user === undefined ? {} : { user }) },
    outputId: output as OutputId,
    subject,
    purpose: recording ? 'recording' : 'live',
    signal: gone.signal,
  };
  return { request, gone };
}

/** Takes a seat; the code of the error where there is none. */
function take(
  seats: Seats,
  ask: Ask,
): { readonly seat: Seat | null; readonly code: string; readonly leave: () => void } {
  const { request, gone } = asking(ask);
  try {
    return { seat: seats.take(request), code: '', leave: () => gone.abort() };
  } catch (error) {
    return { seat: null, code: toCoaxError(error).code, leave: () => {} };
  }
}

describe('Seats', () => {
  it('are without limits unless one is set', () => {
    const seats = new Seats();
    for (let n = 0; n < 20; n++) expect(take(seats, { device: 'd', subject: `c${n}` }).code).to.equal('');
    expect(seats.size).to.equal(20);
  });

  it('refuse who finds an output full, and say which limit it was', () => {
    const seats = new Seats(limitsOf({ output: 1 }));
    const first = take(seats, { device: 'd1', subject: 'c1' });
    expect(() => seats.take(asking({ device: 'd2', subject: 'c1' }).request))
      .to.throw('This output already watches 1 of 1 streams')
      .with.nested.include({ code: 'LIMIT_REACHED', status: 429, 'details.limit': 'output', 'details.most': 1 });
    first.leave();
    expect(take(seats, { device: 'd2', subject: 'c1' }).code).to.equal('');
  });

  it('count a user over all devices, and another limit for who is named', () => {
    const seats = new Seats(limitsOf({ device: 1, users: { ann: 2, guest: 0 } }));
    const codes = (user: string) =>
      ['d1', 'd2', 'd3'].map((device) => take(seats, { device: `${user} ${device}`, user, subject: 'c' }).code);
    expect(codes('ann')).to.deep.equal(['', '', 'LIMIT_REACHED']);
    expect(codes('bob')).to.deep.equal(['', 'LIMIT_REACHED', 'LIMIT_REACHED']);
    expect(codes('guest')).to.deep.equal(['', '', '']);
  });

  it('are shared by all requests of a viewer for the same thing, until the last has left', () => {
    const seats = new Seats(limitsOf({ device: 1 }));
    const asks = [1, 2, 3].map(() => take(seats, { device: 'd', subject: 'film' }));
    expect(asks.map(({ code }) => code)).to.deep.equal(['', '', '']);
    expect(seats.size).to.equal(1);
    for (const { leave } of asks) leave();
    expect(seats.size).to.equal(0);
  });

  it('go from a viewer’s last wish to the next one in the same turn, never from somebody else or a recording', () => {
    const seats = new Seats(limitsOf({ output: 3 }));
    const recording = take(seats, { device: 'd', subject: 'c0', recording: true });
    const other = take(seats, { device: 'other', subject: 'c1' });
    const own = take(seats, { device: 'd', subject: 'c2' });
    const next = take(seats, { device: 'd', subject: 'c3' });
    expect([recording, other, own, next].map(({ seat }) => seat?.signal.aborted)).to.deep.equal([
      false,
      false,
      true,
      false,
    ]);
    expect(toCoaxError(own.seat?.signal.reason).code).to.equal('TAKEN_OVER');
    expect(take(seats, { device: 'third', subject: 'c4' }).code).to.equal('LIMIT_REACHED');
    expect(take(seats, { device: 'd', subject: 'c5', recording: true }).code, 'a recording takes nothing').to.equal(
      'LIMIT_REACHED',
    );
    expect(next.seat?.signal.aborted).to.equal(false);
  });

  it('take nothing away where not all limits can be kept', () => {
    const seats = new Seats({ output: (id) => (id === 'full' ? 1 : 0), user: () => 1 });
    const own = take(seats, { device: 'd', subject: 'c1' });
    take(seats, { device: 'other', output: 'full', subject: 'c2' });
    expect(take(seats, { device: 'd', output: 'full', subject: 'c3' }).code).to.equal('LIMIT_REACHED');
    expect(own.seat?.signal.aborted).to.equal(false);
    expect(seats.view()).to.deep.include({ scope: 'device d', used: 1, limit: 1 });
  });

  it('have left with the client in its own tick, and for good', () => {
    const seats = new Seats();
    const { seat, leave } = take(seats, { device: 'd', subject: 'c' });
    leave();
    expect([seats.size, seat?.signal.aborted]).to.deep.equal([0, true]);
    seat?.leave();
    expect(seats.size).to.equal(0);
  });

  it('never exceed a limit, whatever comes in whatever order (invariant 5)', () => {
    const ask = fc.record({
      device: fc.constantFrom('d1', 'd2', 'd3'),
      output: fc.constantFrom('o1', 'o2'),
      subject: fc.constantFrom('c1', 'c2', 'c3', 'c4'),
      recording: fc.boolean(),
    });
    const step = fc.oneof(ask, fc.nat(30));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), (steps, limit) => {
        const seats = new Seats({ output: () => limit + 1, user: () => limit });
        const taken: { readonly seat: Seat; readonly leave: () => void }[] = [];
        for (const one of steps) {
          if (typeof one === 'number') taken[one % Math.max(1, taken.length)]?.leave();
          else {
            const user = one.device === 'd3' ? undefined : 'ann';
            const { seat, leave } = take(seats, { ...one, ...(user === undefined ? {} : { user }) });
            if (seat !== null) taken.push({ seat, leave });
          }
          for (const { used, limit: most } of seats.view()) expect(used).to.be.at.most(most ?? 0);
          expect(seats.size > 0).to.equal(taken.some(({ seat }) => !seat.signal.aborted));
        }
        for (const { leave } of taken) leave();
        expect(seats.size).to.equal(0);
      }),
    );
  });
});
