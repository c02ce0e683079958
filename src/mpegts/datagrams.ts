import { packetSize, syncByte } from './packet.ts';
import { parseRtp, type RtpPacket, tsPayloadType } from './rtp.ts';
import { type RtpCounts, RtpOrder } from './rtp-order.ts';

/** Payload types whose meaning is agreed on elsewhere (RFC 3551 6). */
const firstDynamicType = 96;

export interface DatagramCounts extends RtpCounts {
  /** Datagrams that belong to something else: error correction (SMPTE 2022-1), other payloads, noise. */
  readonly ignored: number;
}

/**
 * Makes a byte stream of datagrams that hold a transport stream, bare or in RTP. Which it is, the datagrams tell, whatever the address
 * says: a bare one begins with a sync byte, which RTP never does; one of RTP has the payload type, or a payload that begins so.
 */
export class Datagrams {
  readonly #order = new RtpOrder();
  /** Undefined until a datagram has told. */
  #rtp: boolean | undefined;
  #payloadType = tsPayloadType;
  /** The sequence number after the last datagram that may have been RTP. */
  #following = -1;
  #ignored = 0;

  get counts(): DatagramCounts {
    return { ...this.#order.counts, ignored: this.#ignored };
  }

  /** True once it is known to be RTP, false once it is known not to be; undefined before that. */
  get isRtp(): boolean | undefined {
    return this.#rtp;
  }

  /** Takes the next datagram and returns what of the byte stream is complete now. The datagram must not be changed afterwards. */
  push(datagram: Buffer, nowMs: number): readonly Buffer[] {
    if (beginsPacket(datagram)) {
      const before = this.#rtp === true ? this.#order.flush() : [];
      this.#rtp = false;
      return [...before, datagram];
    }
    const packet = parseRtp(datagram);
    if (packet !== null && this.#isOurs(packet)) {
      this.#rtp = true;
      this.#payloadType = packet.payloadType;
      return this.#order.push(packet, nowMs);
    }
    // A bare stream need not be cut at packets, so that any of its datagrams may look like RTP.
    const isBare = this.#rtp === false || (this.#rtp === undefined && (packet === null || hasPackets(datagram)));
    if (isBare) return [datagram];
    this.#ignored++;
    return [];
  }

  #isOurs({ payloadType, payload, sequence }: RtpPacket): boolean {
    if (this.#rtp === true && payloadType === this.#payloadType) return true;
    const whole = beginsPacket(payload) && payloadType >= firstDynamicType;
    const mayBe = payloadType === tsPayloadType || whole;
    const follows = sequence === this.#following;
    this.#following = mayBe ? (sequence + 1) & 0xffff : -1;
    return mayBe && (follows || (this.#rtp === undefined && beginsPacket(payload)));
  }
}

/** Sync bytes wherever a packet begins, and the first of them at once. */
function beginsPacket(bytes: Buffer): boolean {
  return bytes.length >= packetSize && isCutAt(bytes, 0);
}

/** Packets that begin somewhere in it. */
function hasPackets(bytes: Buffer): boolean {
  if (bytes.length < packetSize * 3) return false;
  for (let offset = 0; offset < packetSize; offset++) if (isCutAt(bytes, offset)) return true;
  return false;
}

function isCutAt(bytes: Buffer, from: number): boolean {
  for (let offset = from; offset < bytes.length; offset += packetSize) if (bytes[offset] !== syncByte) return false;
  return true;
}
