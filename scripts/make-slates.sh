#!/bin/sh
# Makes what viewers see while a channel can not be shown: for each reason, size and codec one picture group of 1.92 s, which is 48 frames
# at 25 fps and 90 AAC frames at 48 kHz, and one frame of silence in each sound codec. Needs ffmpeg with libx264, libx265 and drawtext,
# and the DejaVu fonts; no network. Usage: scripts/make-slates.sh [FOLDER]
set -eu
here=$(dirname "$0")
out=${1:-$here/../src/relay/slates}
fonts=${FONTS:-/usr/share/fonts/truetype/dejavu}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

make_picture() {
  name=$1 text=$2 hint=$3 size=$4 codec=$5
  width=${size%x*} height=${size#*x}
  out_file="$out/$name.$height.$codec"
  printf '%s' "$text" > "$work/text"
  printf '%s' "$hint" > "$work/hint"
  # The picture of SD channels is stretched to 16:9 by the player.
  draw="drawtext=fontfile=$fonts/DejaVuSans-Bold.ttf:textfile=$work/text:fontcolor=white:fontsize=64:x=(w-text_w)/2:y=456"
  draw="$draw,drawtext=fontfile=$fonts/DejaVuSans.ttf:textfile=$work/hint:fontcolor=0xa3b1c2:fontsize=40:x=(w-text_w)/2:y=570"
  draw="$draw,scale=$width:$height:flags=lanczos,setsar=16*$height/(9*$width),format=yuv420p"
  case $codec in
    h264)
      set -- -c:v libx264 -profile:v high -preset veryslow -crf 30 -bsf:v 'filter_units=remove_types=6' \
        -x264-params "keyint=48:min-keyint=48:scenecut=0:open-gop=0:bframes=0:aud=1:repeat-headers=1" ;;
    hevc)
      set -- -c:v libx265 -preset slow -crf 32 -bsf:v 'filter_units=remove_types=39|40' \
        -x265-params "log-level=none:keyint=48:min-keyint=48:scenecut=0:open-gop=0:bframes=0:aud=1:repeat-headers=1:info=0" ;;
  esac
  ffmpeg -v error -y -f lavfi -i "color=c=0x14202e:s=1920x1080:r=25" -vf "$draw" -frames:v 48 "$@" -f "$codec" "$out_file"
}

make_pictures() {
  for size in 1920x1080 1280x720 720x576; do make_picture "$1" "$2" "$3" $size h264; done
  for size in 1920x1080 1280x720; do make_picture "$1" "$2" "$3" $size hevc; done
}

make_pictures in-use 'All connections are in use' 'The channel starts as soon as one is free'
make_pictures taken 'A recording needs this connection' 'The channel goes on as soon as one is free'
make_pictures offline 'This channel is offline' 'It is tried again in a moment'
make_pictures refused 'The provider refuses this channel' 'It is tried again in a moment'
make_pictures starting 'Starting…' ' '
make_pictures reconnecting 'Reconnecting…' ' '

# The second frame of each: the first one of an encoder is not like the others.
make_silence() {
  ffmpeg -v error -y -f lavfi -i anullsrc=r=48000:cl=stereo -t 1 -c:a "$2" -b:a "$3" -f "$4" "$work/silence"
  node -e "
    const { readFileSync, writeFileSync } = require('node:fs');
    const bytes = readFileSync(process.argv[1]);
    const sync = bytes.subarray(0, 2);
    const starts = [];
    for (let at = 0; at >= 0 && starts.length < 4; at = bytes.indexOf(sync, at + 6)) starts.push(at);
    writeFileSync(process.argv[2], bytes.subarray(starts[2], starts[3]));
  " "$work/silence" "$out/silence.$1"
}
make_silence aac aac 32k adts
make_silence mp2 mp2 64k mp2
make_silence ac3 ac3 64k ac3
make_silence eac3 eac3 64k eac3
du -cb "$out"/* | tail -1
