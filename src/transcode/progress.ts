const line = /^([a-z_0-9]+)=\s*(\S.*)$/;
const known =
  /^(?:frame|fps|stream_\d+_\d+_\w+|bitrate|total_size|out_time(?:_us|_ms)?|dup_frames|drop_frames|speed|progress)$/;

/** What ffmpeg says of itself about once a second (`-progress`), as `name=value` lines among its complaints. */
export class Progress {
  #speed: number | null = null;
  #frames = 0;

  /** How fast it is, in times of real time, as of its last word; null before that. */
  get speed(): number | null {
    return this.#speed;
  }

  /** Pictures made so far. */
  get frames(): number {
    return this.#frames;
  }

  /** Takes a line; false when it is none of these. */
  take(text: string): boolean {
    const [, name = '', value = ''] = line.exec(text) ?? [];
    if (!known.test(name)) return false;
    const number = Number.parseFloat(value);
    if (name === 'speed' && Number.isFinite(number)) this.#speed = number;
    if (name === 'frame' && Number.isFinite(number)) this.#frames = number;
    return true;
  }
}
