import { CoaxError } from '../errors.ts';
import type { OutputId, SessionId } from '../model/ids.ts';
import type { PlayableChannel } from '../model/playable.ts';
import type { SessionView } from '../model/session-view.ts';
import type { LiveConsumer, LiveRequest, RingReader } from '../relay/contract.ts';
import type { Hold } from '../relay/hold.ts';
import type { Relays } from '../relay/relays.ts';
import type { Ring } from '../relay/ring.ts';
import { profilesOf, type Profile } from './profiles.ts';
import { type Place, Stage, type StageParts } from './stage.ts';

export interface TranscodesOptions extends StageParts {
  /** The channels as providers send them. */
  readonly relays: Relays;
  /** The profile that an output names; empty for none. */
  readonly profileOf: (output: OutputId) => string;
}

/** Live channels as their outputs want them: as they come, or as a transcode profile makes them, once for all who want the same. */
export class Transcodes implements AsyncDisposable {
  readonly #options: TranscodesOptions;
  readonly #stages = new Map<string, Stage>();
  /** Those that were replaced, until their last child has ended. */
  readonly #leaving = new Set<Stage>();
  #stopped = false;

  constructor(options: TranscodesOptions) {
    this.#options = options;
  }

  /** As `Relays.open`; also rejects with UPSTREAM_TRANSCODE and UPSTREAM_NO_FFMPEG. */
  async open(request: LiveRequest): Promise<LiveConsumer> {
    const profile = this.#profileFor(request.outputId);
    if (profile === null) return this.#options.relays.open(request);
    const [stage, place] = await this.#enter(request, profile);
    const consumer = await this.#served(place, stage.relays.open({ ...request, channel: stage.channel }));
    // Told after all who lost their place in the same turn have: where nobody is left, ffmpeg's last bytes still come.
    void place.ended.catch(() => {
      if (stage.isServing) consumer.leave();
    });
    return new StageConsumer(consumer, place);
  }

  /** As `Relays.hold`. ffmpeg runs for it, so that the codecs are known. */
  async hold(request: LiveRequest): Promise<Hold> {
    const profile = this.#profileFor(request.outputId);
    if (profile === null) return this.#options.relays.hold(request);
    const [stage, place] = await this.#enter(request, profile);
    const hold = await this.#served(place, stage.relays.hold({ ...request, channel: stage.channel }));
    void hold.ended.then(() => place.leave());
    void place.ended.catch((error: CoaxError) => hold.drop(error));
    return hold;
  }

  /** The relay that a viewer of this channel would share now; null when it is not open. */
  viewOf(channel: PlayableChannel, output: OutputId): SessionView | null {
    const profile = this.#knownProfile(output);
    if (profile === null) return this.#options.relays.viewOf(channel);
    const stage = this.#stages.get(keyOf(channel, profile));
    const view = stage?.relays.viewOf(stage.channel) ?? null;
    return view === null || stage === undefined ? null : stage.adorned(view);
  }

  /** What tells apart how outputs get the same channel: those with the same word share it. */
  variantOf(output: OutputId): string {
    return this.#knownProfile(output)?.name ?? '';
  }

  /** What all relays list, those of transcodes behind the others. */
  snapshot(): SessionView[] {
    return [...this.#options.relays.snapshot(), ...this.#all().flatMap((stage) => stage.views())];
  }

  /** Stops a stream whoever watches it; false when there is none with this id. */
  stop(id: SessionId): boolean {
    return this.#options.relays.stop(id) || this.#all().some((stage) => stage.relays.stop(id));
  }

  /** Ends all streams and refuses new ones. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    const stages = this.#all().map((stage) => stage.relays[Symbol.asyncDispose]());
    await Promise.all([...stages, this.#options.relays[Symbol.asyncDispose]()]);
  }

  async #enter(request: LiveRequest, profile: Profile): Promise<[Stage, Place]> {
    if (this.#stopped) throw new CoaxError('SHUTTING_DOWN');
    const { channel, viewer, slates } = request;
    const key = keyOf(channel, profile);
    // What can not be done costs the provider no connection.
    await this.#options.ffmpeg.path();
    if (!this.#stages.has(key) && slates !== true) this.#options.slots.assertRoom(viewer);
    const copy = await this.#options.relays.open(request);
    if (this.#stopped) {
      copy.leave();
      throw new CoaxError('SHUTTING_DOWN');
    }
    const known = this.#stages.get(key);
    const stage =
      known !== undefined && !known.isOver && isSame(known.profile, profile)
        ? known
        : this.#make(key, request, profile);
    return [stage, stage.enter(copy)];
  }

  #make(key: string, { channel }: LiveRequest, profile: Profile): Stage {
    const old = this.#stages.get(key);
    if (old !== undefined) {
      this.#leaving.add(old);
      old.stop(new CoaxError('STREAM_STOPPED', 'The channel is transcoded anew'));
    }
    const made = new Stage(channel, profile, this.#options, () => {
      this.#leaving.delete(made);
      if (this.#stages.get(key) === made) this.#stages.delete(key);
    });
    this.#stages.set(key, made);
    return made;
  }

  #all(): Stage[] {
    return [...this.#stages.values(), ...this.#leaving];
  }

  /** Waits for a place behind ffmpeg, as long as there is one before it. */
  async #served<Given extends LiveConsumer | Hold>(place: Place, opening: Promise<Given>): Promise<Given> {
    try {
      return await Promise.race([opening, place.ended]);
    } catch (error) {
      place.leave();
      opening.then(
        (late) => ('leave' in late ? late.leave() : late.drop(new CoaxError('CANCELLED'))),
        () => {},
      );
      throw error;
    }
  }

  #knownProfile(output: OutputId): Profile | null {
    const name = this.#options.profileOf(output);
    if (name === '' || name === 'copy') return null;
    return profilesOf(this.#options.transcode()).find((one) => one.name === name) ?? null;
  }

  #profileFor(output: OutputId): Profile | null {
    const name = this.#options.profileOf(output);
    const profile = this.#knownProfile(output);
    if (profile === null && name !== '' && name !== 'copy')
      throw new CoaxError('UPSTREAM_TRANSCODE', `The output wants the transcode profile ${name}, which does not exist`);
    return profile;
  }
}

const keyOf = ({ channelId }: PlayableChannel, { name }: Profile): string => `${name}:${channelId}`;
const isSame = (one: Profile, other: Profile): boolean => one.command === other.command;

/** One who is served by a stage: a place behind ffmpeg, and the one before it. */
class StageConsumer implements LiveConsumer {
  readonly #consumer: LiveConsumer;
  #onLeft: (() => void) | null = null;
  #left = false;

  constructor(consumer: LiveConsumer, place: Place) {
    this.#consumer = consumer;
    consumer.onLeft(() => {
      this.#left = true;
      place.leave();
      this.#onLeft?.();
    });
  }

  get relayId(): SessionId {
    return this.#consumer.relayId;
  }

  get ring(): Ring {
    return this.#consumer.ring;
  }

  pipe(socket: Parameters<LiveConsumer['pipe']>[0]): void {
    this.#consumer.pipe(socket);
  }

  read(reader: RingReader): void {
    this.#consumer.read(reader);
  }

  took(bytes: number): void {
    this.#consumer.took(bytes);
  }

  onLeft(listener: () => void): void {
    if (this.#left) listener();
    else this.#onLeft = listener;
  }

  leave(): void {
    this.#consumer.leave();
  }
}
