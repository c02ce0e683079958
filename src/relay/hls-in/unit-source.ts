import { Fmp4Units } from '../../fmp4/units.ts';
import { PackedAudio } from '../../mpegts/packed-audio.ts';
import type { ElementaryStream } from '../../mpegts/psi.ts';
import { TsSync } from '../../mpegts/sync.ts';
import { type PesUnit, UnitDemuxer } from '../../mpegts/unit-demuxer.ts';
import type { MuxTrack, MuxUnit } from '../../mpegts/unit-muxer.ts';

/** Takes units out of the segments of one playlist. `track` of a unit counts the tracks of this source. */
export interface UnitSource {
  /** Null while they are not known. They may change with an initialization section. */
  readonly tracks: readonly MuxTrack[] | null;
  begin(): void;
  push(chunk: Buffer): MuxUnit[];
  end(): MuxUnit[];
}

export class Fmp4Source implements UnitSource {
  readonly #units = new Fmp4Units();
  #tracks: readonly MuxTrack[] | null = null;
  #ids: readonly number[] = [];

  get tracks(): readonly MuxTrack[] | null {
    return this.#tracks;
  }

  begin(): void {
    this.#units.restart();
  }

  push(chunk: Buffer): MuxUnit[] {
    const units = this.#units.push(chunk);
    const { tracks } = this.#units;
    if (tracks.length > 0 && tracks.map(({ id }) => id).join() !== this.#ids.join()) {
      this.#ids = tracks.map(({ id }) => id);
      this.#tracks = tracks.map(({ mux }) => mux);
    }
    return units.map(({ trackId, ...unit }) => ({ ...unit, track: this.#ids.indexOf(trackId) }));
  }

  end(): MuxUnit[] {
    return [];
  }
}

export class PackedSource implements UnitSource {
  readonly #audio = new PackedAudio();
  #tracks: readonly MuxTrack[] | null = null;

  get tracks(): readonly MuxTrack[] | null {
    return this.#tracks;
  }

  begin(): void {
    this.#audio.restart();
  }

  push(chunk: Buffer): MuxUnit[] {
    const units = this.#audio.push(chunk);
    const { track } = this.#audio;
    if (track !== null) this.#tracks ??= [track];
    return units;
  }

  end(): MuxUnit[] {
    return [];
  }
}

/** A transport stream taken apart, to be put together with another one's sound. */
export class TsSource implements UnitSource {
  #sync = new TsSync();
  #demuxer = new UnitDemuxer();
  #streams: readonly ElementaryStream[] = [];
  #tracks: readonly MuxTrack[] | null = null;

  get tracks(): readonly MuxTrack[] | null {
    return this.#tracks;
  }

  begin(): void {
    this.#sync = new TsSync();
    this.#demuxer = new UnitDemuxer();
  }

  push(chunk: Buffer): MuxUnit[] {
    return this.#sync.push(chunk).flatMap((packets) => this.#own(this.#demuxer.push(packets)));
  }

  end(): MuxUnit[] {
    return this.#own(this.#demuxer.flush());
  }

  #own(units: readonly PesUnit[]): MuxUnit[] {
    const [first] = units;
    if (first !== undefined && this.#tracks === null) {
      this.#streams = this.#demuxer.streams.filter(({ kind }) => kind === 'video' || kind === 'audio');
      this.#tracks = this.#streams.map(muxTrack);
    }
    return units.flatMap(({ stream, pts, dts, isRandomAccess, data }) => {
      const track = this.#streams.findIndex(({ pid }) => pid === stream.pid);
      return track < 0 || pts < 0 ? [] : [{ track, pts, dts, isKey: isRandomAccess, data }];
    });
  }
}

function muxTrack({ kind, streamType, codec, descriptors }: ElementaryStream): MuxTrack {
  const isPrivate = codec === 'ac3' || codec === 'eac3' || codec === 'dts' || streamType === 0x06;
  return {
    isVideo: kind === 'video',
    streamType,
    streamId: kind === 'video' ? 0xe0 : isPrivate ? 0xbd : 0xc0,
    descriptors,
  };
}
