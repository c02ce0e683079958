import type { TranscodeSettings } from '../config/transcode-settings.ts';
import { CoaxError } from '../errors.ts';
import type { FfmpegHome } from '../ffmpeg/ffmpeg-home.ts';
import { loadClip } from '../sources/demo/clips.ts';
import { checkProfile, type ProfileCheck } from './check-profile.ts';
import { type Profile, profilesOf } from './profiles.ts';
import type { TranscodeSlots } from './transcode-slots.ts';

export interface ProfileDeskOptions {
  readonly settings: () => TranscodeSettings;
  readonly ffmpeg: FfmpegHome;
  readonly slots: TranscodeSlots;
}

/** What admins see of transcoding: the profiles, the program, and whether a profile works on this machine. */
export class ProfileDesk {
  readonly #options: ProfileDeskOptions;
  #checking = false;

  constructor(options: ProfileDeskOptions) {
    this.#options = options;
  }

  async overview(): Promise<{
    readonly ffmpeg: { readonly path: string; readonly version: string } | null;
    readonly running: number;
    readonly maxRunning: number;
    readonly profiles: readonly Profile[];
  }> {
    const { settings, ffmpeg, slots } = this.#options;
    const { maxRunning } = settings();
    return { ffmpeg: await ffmpeg.look(), running: slots.running, maxRunning, profiles: profilesOf(settings()) };
  }

  /** Tries a profile out, one at a time. Rejects with NOT_FOUND, UPSTREAM_NO_FFMPEG, CONFLICT while another is tried, CANCELLED on abort. */
  async check(name: string, signal: AbortSignal): Promise<ProfileCheck> {
    const profile = profilesOf(this.#options.settings()).find((one) => one.name === name);
    if (profile === undefined) throw new CoaxError('NOT_FOUND', `There is no transcode profile ${name}`);
    if (this.#checking) throw new CoaxError('CONFLICT', 'Another profile is being tried out');
    this.#checking = true;
    try {
      return await checkProfile(profile, await this.#options.ffmpeg.path(), loadClip('pattern'), signal);
    } finally {
      this.#checking = false;
    }
  }
}
