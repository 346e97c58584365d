// Ground truth: which pixels of an image are anomalous, at the size where they meet a map.
import sharp from 'sharp'
import { readFile } from 'node:fs/promises'
import { checkSize } from '../pixels.js'
import type { Problem } from './dataset.js'

interface Size { readonly width: number; readonly height: number }
interface Area extends Size { readonly left: number; readonly top: number }

export interface MaskFound { mask?: Uint8Array; problem?: Pick<Problem, 'kind' | 'message'> }

/**
 * The mask of an image at `target` size, 0 or 1, by nearest neighbour (pixel centres). Any value but 0, in any channel but
 * alpha, is anomalous, at the file's own depth. `fit` 'crop': the part that a centre crop shows. Without a mask that can
 * be used, a problem says why; with one of another size but the same shape, both.
 */
export async function readMask(file: string, image: Size, target: Size, fit: 'squash' | 'crop'): Promise<MaskFound> {
  let found: { data: Uint8Array | Uint16Array; width: number; height: number; channels: number; alpha: boolean }
  try {
    found = await decode(file)
  } catch (error) {
    return { problem: { kind: 'unreadable-mask', message: `its mask cannot be read (${(error as Error).message.split('\n')[0]})` } }
  }
  const { width, height } = found
  const same = width === image.width && height === image.height
  if (!same && Math.abs(width * image.height / (height * image.width) - 1) > 0.01) {
    return { problem: { kind: 'mask-size', message: `its mask is ${width} x ${height}, the image ${image.width} x ${image.height}: another shape, so it is not used` } }
  }
  const marked = flat(found)
  if (!marked.includes(1)) return { problem: { kind: 'empty-mask', message: 'its mask marks nothing, so it is not used' } }
  const mask = sampled(marked, width, fit === 'crop' ? centre(found) : { left: 0, top: 0, width, height }, target)
  return { mask, ...(!same && { problem: { kind: 'mask-size' as const, message: `its mask is ${width} x ${height}, the image ${image.width} x ${image.height}: scaled to it` } }) }
}

async function decode(file: string) {
  const bytes = await readFile(file)
  const options = { failOn: 'error', limitInputPixels: false } as const
  const { width, height, depth, space, hasAlpha } = await sharp(bytes, options).metadata()
  checkSize('the mask', width, height)
  const wide = depth === 'ushort'
  // In the file's own space and depth: a conversion could round a small class number to 0.
  const grey = space === 'b-w' || space === 'grey16'
  const picture = sharp(bytes, options).autoOrient().toColourspace(wide ? (grey ? 'grey16' : 'rgb16') : grey ? 'b-w' : 'srgb')
  const { data, info } = await picture.raw({ depth: wide ? 'ushort' : 'uchar' }).toBuffer({ resolveWithObject: true })
  const values = wide ? new Uint16Array(Uint8Array.from(data).buffer) : data
  return { data: values, width: info.width, height: info.height, channels: info.channels as number, alpha: hasAlpha }
}

/** [width * height], 1 where any channel but alpha has a value. */
function flat({ data, width, height, channels, alpha }: { data: Uint8Array | Uint16Array; width: number; height: number; channels: number; alpha: boolean }): Uint8Array {
  const counted = alpha ? channels - 1 : channels
  const out = new Uint8Array(width * height)
  for (let i = 0; i < out.length; i++) {
    let any = 0
    for (let c = 0; c < counted; c++) any |= data[i * channels + c]!
    out[i] = Number(any !== 0)
  }
  return out
}

function centre({ width, height }: Size): Area {
  const side = Math.min(width, height)
  return { left: Math.floor((width - side) / 2), top: Math.floor((height - side) / 2), width: side, height: side }
}

function sampled(marked: Uint8Array, stride: number, area: Area, target: Size): Uint8Array {
  const at = (i: number, count: number, size: number) => Math.floor((i + 0.5) * size / count)
  const columns = Array.from({ length: target.width }, (_, x) => area.left + at(x, target.width, area.width))
  const out = new Uint8Array(target.width * target.height)
  for (let y = 0, i = 0; y < target.height; y++) {
    const row = (area.top + at(y, target.height, area.height)) * stride
    for (const x of columns) out[i++] = marked[row + x]!
  }
  return out
}
