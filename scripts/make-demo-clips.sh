#!/bin/sh
# Makes the clips of the built-in demo source: loops of 6.4 s, which is 160 frames at 25 fps and 300 AAC frames at 48 kHz.
# Needs ffmpeg with libx264 and Node 24; no fonts, no network. Usage: scripts/make-demo-clips.sh [FOLDER]
set -eu
here=$(dirname "$0")
out=${1:-$here/../src/sources/demo/clips}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# The tones have whole periods in 6.4 s and are encoded for two loops: the clip takes its sound from the middle, where the encoder
# has settled, so that there is no click at the seam.
make_clip() {
  name=$1 rate=$2 video=$3 audio=$4
  ffmpeg -v error -y -filter_complex "$video,format=yuv420p[v]" -map '[v]' -t 6.4 -c:v libx264 -profile:v high -preset veryslow \
    -x264-params "keyint=40:min-keyint=40:scenecut=0:open-gop=0:bframes=0:aud=1:repeat-headers=1" \
    -b:v "${rate}k" -maxrate "${rate}k" -bufsize "${rate}k" -bsf:v 'filter_units=remove_types=6' -f mpegts "$work/video.mpegts"
  ffmpeg -v error -y -filter_complex "$audio,aformat=sample_rates=48000:channel_layouts=stereo[a]" -map '[a]' -t 12.8 \
    -c:a aac -b:a 40k -f adts "$work/audio.aac"
  node "$here/mux-demo-clip.ts" "$work/video.mpegts" "$work/audio.aac" "$out/$name.mpegts"
}

bars='smptehdbars=s=640x360:r=25[b];gradients=s=176x100:r=25:speed=0.05:seed=7[g]'
make_clip pattern 190 'testsrc2=s=512x288:r=25' \
  "aevalsrc='0.2*sin(2*PI*440*t)*(0.6+0.4*cos(2*PI*t/1.6))|0.2*sin(2*PI*550*t)*(0.6-0.4*cos(2*PI*t/1.6))':s=48000"
make_clip colours 110 'gradients=s=640x360:r=25:speed=0.02:nb_colors=4:seed=3:c0=#123a6b:c1=#1fa187:c2=#f2c14e:c3=#a23b72' \
  "aevalsrc='0.15*sin(2*PI*220*t)+0.1*sin(2*PI*330*t)|0.15*sin(2*PI*220*t)+0.1*sin(2*PI*275*t)':s=48000"
make_clip bars 110 "$bars;[b][g]overlay=x='(W-w)/2*(1+cos(2*PI*t/6.4))':y='(H-h)/2*(1+sin(4*PI*t/6.4))'" \
  "aevalsrc='0.2*sin(2*PI*1000*t)|0.2*sin(2*PI*1000*t)':s=48000"
ls -l "$out"
