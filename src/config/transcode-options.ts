/**
 * The options of ffmpeg that a transcode profile may use, without their stream (`-c:v` is `c`). What is not here is refused: among
 * ffmpeg's thousands are some that read and write files, load programs or open connections.
 */
const plain = `
  c codec vcodec acodec scodec map b maxrate minrate bufsize crf qp cq q qscale global_quality rc rc_mode rc_lookahead
  rc-lookahead preset tune profile level tier g keyint_min sc_threshold bf b_strategy b_ref_mode refs me_method me_range
  subq trellis aq-mode aq-strength aq_mode spatial_aq spatial-aq temporal_aq temporal-aq weighted_pred weightb weightp
  coder cabac intra-refresh forced-idr forced_idr force_key_frames forced_keyframes idr_interval no-scenecut
  strict_gop nonref_p multipass surfaces gpu delay zerolatency 2pass ldkfs usage quality quality_level low_power
  look_ahead look_ahead_depth look_ahead_downsampling extbrc async_depth low_delay_brc mbbrc max_frame_size adaptive_i
  adaptive_b b_depth max_b_frames scenario avbr_accuracy vbr cbr compression_level realtime allow_sw prio_speed
  constant_bit_rate power_efficient cpu-used cpu_used deadline row-mt tile-columns tiles threads thread_type slices
  pix_fmt s r aspect fpsmax fps_mode vsync field_order top colorspace color_primaries color_trc color_range
  bits_per_raw_sample ar ac sample_fmt channel_layout ch_layout application frame_duration cutoff aac_coder dialnorm
  filter vf af filter_complex filter_threads filter_complex_threads sws_flags autoscale
  hwaccel hwaccel_output_format hwaccel_device hwaccel_flags init_hw_device filter_hw_device vaapi_device qsv_device
  extra_hw_frames deint surfaces resize crop drop_second_field afd_marker a53cc sei aud sar
  flags flags2 fflags err_detect ec skip_frame skip_loop_filter analyzeduration probesize max_delay avoid_negative_ts
  max_interleave_delta max_muxing_queue_size muxdelay muxpreload muxrate mpegts_flags pat_period sdt_period pcr_period
  metadata strict async bsf dec_time_base enc_time_base apply_cropping noise_reduction mbd cmp subcmp x264-params
  x264opts x265-params svtav1-params nvenc_rc`;
export const valueOptions: ReadonlySet<string> = new Set(plain.split(/\s+/).filter(Boolean));

/** Options that take no value. */
export const flagOptions: ReadonlySet<string> = new Set(
  'an vn sn dn autorotate noautorotate copyts start_at_zero shortest ignore_unknown copy_unknown'.split(' '),
);

/** Options whose value names a device of this machine, the only paths that a profile may hold. */
export const deviceOptions: ReadonlySet<string> = new Set([
  'vaapi_device',
  'qsv_device',
  'init_hw_device',
  'hwaccel_device',
]);

/** Options whose value is a graph of filters. */
export const filterOptions: ReadonlySet<string> = new Set(['vf', 'af', 'filter', 'filter_complex']);

/** Options that pass options on to an encoder library. */
export const libraryOptions: ReadonlySet<string> = new Set(['x264-params', 'x264opts', 'x265-params', 'svtav1-params']);

/** Filters that change pictures and sound, and touch nothing else. */
export const safeFilters: ReadonlySet<string> = new Set(
  `scale scale_vaapi scale_cuda scale_npp scale_qsv scale_vulkan scale_vt scale_opencl vpp_qsv zscale
  yadif yadif_cuda yadif_videotoolbox bwdif bwdif_cuda bwdif_vulkan bwdif_videotoolbox w3fdif estdif
  deinterlace_vaapi deinterlace_qsv fieldmatch decimate idet
  format hwupload hwupload_cuda hwdownload hwmap fps framerate setsar setdar setfield setparams setpts settb
  crop pad transpose transpose_vaapi transpose_opencl hflip vflip
  hqdn3d nlmeans nlmeans_opencl denoise_vaapi atadenoise removegrain deblock unsharp unsharp_opencl sharpness_vaapi
  tonemap tonemap_vaapi tonemap_opencl tonemap_cuda tonemap_videotoolbox colorspace procamp_vaapi eq hue colorbalance
  null copy split overlay overlay_cuda overlay_qsv overlay_vaapi overlay_vulkan sidedata
  aresample volume loudnorm dynaudnorm speechnorm pan channelmap channelsplit join aformat asplit amerge amix anull
  highpass lowpass equalizer bass treble acompressor alimiter compand asetpts asettb asetrate atempo adelay apad`
    .split(/\s+/)
    .filter(Boolean),
);
