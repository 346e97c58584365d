// Masks as other programs write them, bit by bit, so that what is in the file is what the test says.
import { deflateSync } from 'node:zlib'
import { chunk } from './bad-pictures.js'

export const colourTypes = { grey: 0, rgb: 2, palette: 3, greyAlpha: 4, rgba: 6 } as const

/** An 8 x 8 PNG of which the first row starts with those bytes; all others are 0. */
export function png8(depth: number, colour: keyof typeof colourTypes, first: readonly number[], extra: Record<string, readonly number[]> = {}): Buffer {
  const samples = { grey: 1, rgb: 3, palette: 1, greyAlpha: 2, rgba: 4 }[colour]
  const pixels = Buffer.alloc(8 * (1 + samples * depth))
  pixels.set(first, 1)
  const header = [0, 0, 0, 8, 0, 0, 0, 8, depth, colourTypes[colour], 0, 0, 0]
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', Buffer.from(header)),
    ...Object.entries(extra).map(([name, data]) => chunk(name, Buffer.from(data))),
    chunk('IDAT', deflateSync(pixels)), chunk('IEND', Buffer.alloc(0))])
}

/** An 8 x 8 grey TIFF of those samples, little-endian. Formats: 1 unsigned, 2 signed, 3 floating point. */
export function tiff8(samples: Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array, format: 1 | 2 | 3): Buffer {
  const bits = samples.BYTES_PER_ELEMENT * 8
  const tags = [[256, 8], [257, 8], [258, bits], [259, 1], [262, 1], [273, 134], [277, 1], [278, 8], [279, samples.byteLength], [339, format]] as const
  const head = Buffer.alloc(134)
  head.set([0x49, 0x49, 42, 0, 8, 0, 0, 0, tags.length, 0])
  tags.forEach(([tag, value], i) => {
    head.writeUInt16LE(tag, 10 + 12 * i)
    head.writeUInt16LE(4, 12 + 12 * i)
    head.writeUInt32LE(1, 14 + 12 * i)
    head.writeUInt32LE(value, 18 + 12 * i)
  })
  return Buffer.concat([head, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)])
}
