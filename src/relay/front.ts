import { type Seat, type Seats, sentAway } from '../accounts/seats.ts';
import type { OutputId } from '../model/ids.ts';
import type { LiveConsumer, LiveRequest, PlayableChannel, SessionView } from './contract.ts';
import type { Hold } from './hold.ts';
import type { LiveRelays } from './host/host-stream.ts';

export interface FrontOptions {
  /** Relays, or what stands before them. */
  readonly relays: LiveRelays;
  readonly seats: Seats;
  /** Told when a viewer has begun to watch; what it returns is called in the turn they leave. */
  readonly began?: (request: LiveRequest) => () => void;
}

/**
 * Where viewers come to the relays: whoever asks takes a seat first, within the limits of user, device and output, and gives it back in the
 * turn in which they leave, or are ended. What Coax opens for itself goes to the relays directly.
 */
export class Front {
  readonly #options: FrontOptions;

  constructor(options: FrontOptions) {
    this.#options = options;
  }

  /** As `Relays.open`; rejects with LIMIT_REACHED, and with TAKEN_OVER when the same viewer's next wish needs the seat. */
  async open(request: LiveRequest): Promise<LiveConsumer> {
    const { relays, began } = this.#options;
    const seat = this.#seatFor(request);
    const consumer = await inSeat(seat, relays.open({ ...request, signal: seat.signal }));
    const left = began?.(request);
    consumer.onLeft(() => {
      seat.leave();
      left?.();
    });
    return consumer;
  }

  /** As `Relays.hold`; a hold and the readers of one viewer share a seat. */
  async hold(request: LiveRequest): Promise<Hold> {
    const seat = this.#seatFor(request);
    const hold = await inSeat(seat, this.#options.relays.hold({ ...request, signal: seat.signal }));
    void hold.ended.then(() => seat.leave());
    return hold;
  }

  viewOf(channel: PlayableChannel, output: OutputId): SessionView | null {
    return this.#options.relays.viewOf(channel, output);
  }

  #seatFor({ viewer, outputId, channel, purpose = 'live', signal }: LiveRequest): Seat {
    return this.#options.seats.take({ viewer, outputId, subject: channel.channelId, purpose, signal });
  }
}

/** Gives the seat back where nothing comes of the wish; tells why it was taken away. */
async function inSeat<Place>(seat: Seat, opening: Promise<Place>): Promise<Place> {
  try {
    return await opening;
  } catch (error) {
    seat.leave();
    throw sentAway(seat.signal) ?? error;
  }
}
